/* switch_x86_64.S - the context switch for x86-64, System V ABI.
 * SPDX-License-Identifier: MIT */
#if defined(__x86_64__) && !defined(RIO_UCONTEXT)
#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

        .text
        .p2align 4
        .globl  rio__switch
        .hidden rio__switch
        .type   rio__switch, @function
rio__switch:                            /* rdi from, rsi to, rdx arg */
        .cfi_startproc
        _CET_ENDBR
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset r15, 0
        movq    %rsp, (%rdi)
.Lresume:
        movq    (%rsi), %rsp
        movq    %rdx, %rax
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore rbp
        leaq    rio__entry(%rip), %rcx
        cmpq    %rcx, (%rsp)
        je      .Lfresh
        ret
.Lfresh:                                /* nothing calls it, so nothing returns there */
        addq    $8, %rsp
        jmp     rio__entry
        .cfi_endproc
        .size   rio__switch, . - rio__switch

/* Reached by a jump from the first frame: so this `ret` meets the call of whoever
 * switched to the context that ends here, if that is who goes on. */
        .p2align 4
        .globl  rio__switch_last
        .hidden rio__switch_last
        .type   rio__switch_last, @function
rio__switch_last:                       /* rdi to, rsi arg */
        .cfi_startproc
        _CET_ENDBR
        movq    %rsi, %rdx
        movq    %rdi, %rsi
        jmp     .Lresume
        .cfi_endproc
        .size   rio__switch_last, . - rio__switch_last

/* First entry: r12 fn, rax arg.  An undefined rip ends every backtrace here. */
        .p2align 4
        .globl  rio__entry
        .hidden rio__entry
        .type   rio__entry, @function
rio__entry:
        .cfi_startproc
        .cfi_undefined rip
        _CET_ENDBR
        xorl    %ebp, %ebp
        movq    %rax, %rdi
        leaq    1f(%rip), %rcx          /* a call that the predictor does not count */
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        jmp     *%r12
1:      ud2
        .cfi_endproc
        .size   rio__entry, . - rio__entry
#endif
        .section .note.GNU-stack, "", @progbits
