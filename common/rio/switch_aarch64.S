/* switch_aarch64.S - the context switch for aarch64, AAPCS64: x19-x30 and the low halves
 * of v8-v15, 176 bytes.  The hints are `bti c` and `bti j`, no-ops on older machines.
 * SPDX-License-Identifier: MIT */
#if defined(__aarch64__) && !defined(RIO_UCONTEXT)
        .text
        .p2align 4
        .globl  rio__switch
        .hidden rio__switch
        .type   rio__switch, %function
rio__switch:                            /* x0 from, x1 to, x2 arg */
        .cfi_startproc
        hint    #34
        sub     sp, sp, #176
        .cfi_def_cfa_offset 176
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        .cfi_offset 19, -176
        .cfi_offset 20, -168
        .cfi_offset 21, -160
        .cfi_offset 22, -152
        .cfi_offset 23, -144
        .cfi_offset 24, -136
        .cfi_offset 25, -128
        .cfi_offset 26, -120
        .cfi_offset 27, -112
        .cfi_offset 28, -104
        .cfi_offset 29, -96
        .cfi_offset 30, -88
        mov     x9, sp
        str     x9, [x0]
        ldr     x9, [x1]
        mov     sp, x9
        mov     x0, x2
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #176
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .size   rio__switch, . - rio__switch

/* First entry: x19 fn, x0 arg.  Global and hidden: a local symbol went wrong here. */
        .p2align 4
        .globl  rio__entry
        .hidden rio__entry
        .type   rio__entry, %function
rio__entry:
        .cfi_startproc
        .cfi_undefined 30
        hint    #36
        mov     x29, #0
        mov     x30, #0
        blr     x19
        brk     #1
        .cfi_endproc
        .size   rio__entry, . - rio__entry
#endif
        .section .note.GNU-stack, "", %progbits
