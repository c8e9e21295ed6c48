/* switch_riscv64.S - the context switch for riscv64: ra, s0-s11 and, with the double
 * ABI, fs0-fs11; 208 bytes.
 * SPDX-License-Identifier: MIT */
#if defined(__riscv) && __riscv_xlen == 64 && !defined(RIO_UCONTEXT)
        .text
        .p2align 2
        .globl  rio__switch
        .hidden rio__switch
        .type   rio__switch, @function
rio__switch:                            /* a0 from, a1 to, a2 arg */
        .cfi_startproc
        addi    sp, sp, -208
        .cfi_def_cfa_offset 208
        sd      ra, 0(sp)
        sd      s0, 8(sp)
        sd      s1, 16(sp)
        sd      s2, 24(sp)
        sd      s3, 32(sp)
        sd      s4, 40(sp)
        sd      s5, 48(sp)
        sd      s6, 56(sp)
        sd      s7, 64(sp)
        sd      s8, 72(sp)
        sd      s9, 80(sp)
        sd      s10, 88(sp)
        sd      s11, 96(sp)
        .cfi_offset ra, -208
        .cfi_offset s0, -200
        .cfi_offset s1, -192
#ifdef __riscv_float_abi_double
        fsd     fs0, 104(sp)
        fsd     fs1, 112(sp)
        fsd     fs2, 120(sp)
        fsd     fs3, 128(sp)
        fsd     fs4, 136(sp)
        fsd     fs5, 144(sp)
        fsd     fs6, 152(sp)
        fsd     fs7, 160(sp)
        fsd     fs8, 168(sp)
        fsd     fs9, 176(sp)
        fsd     fs10, 184(sp)
        fsd     fs11, 192(sp)
#endif
        sd      sp, 0(a0)
        ld      sp, 0(a1)
        mv      a0, a2
        ld      ra, 0(sp)
        ld      s0, 8(sp)
        ld      s1, 16(sp)
        ld      s2, 24(sp)
        ld      s3, 32(sp)
        ld      s4, 40(sp)
        ld      s5, 48(sp)
        ld      s6, 56(sp)
        ld      s7, 64(sp)
        ld      s8, 72(sp)
        ld      s9, 80(sp)
        ld      s10, 88(sp)
        ld      s11, 96(sp)
#ifdef __riscv_float_abi_double
        fld     fs0, 104(sp)
        fld     fs1, 112(sp)
        fld     fs2, 120(sp)
        fld     fs3, 128(sp)
        fld     fs4, 136(sp)
        fld     fs5, 144(sp)
        fld     fs6, 152(sp)
        fld     fs7, 160(sp)
        fld     fs8, 168(sp)
        fld     fs9, 176(sp)
        fld     fs10, 184(sp)
        fld     fs11, 192(sp)
#endif
        addi    sp, sp, 208
        .cfi_def_cfa_offset 0
        jr      ra
        .cfi_endproc
        .size   rio__switch, . - rio__switch

/* First entry: s1 fn, a0 arg. */
        .p2align 2
        .globl  rio__entry
        .hidden rio__entry
        .type   rio__entry, @function
rio__entry:
        .cfi_startproc
        .cfi_undefined ra
        mv      s0, zero
        jalr    s1
        ebreak
        .cfi_endproc
        .size   rio__entry, . - rio__entry
#endif
        .section .note.GNU-stack, "", @progbits
