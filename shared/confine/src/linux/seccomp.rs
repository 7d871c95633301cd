//! seccomp: which system calls a process can make. Refused calls fail with EPERM, so that a library that tries one
//! continues without it.

use std::collections::BTreeMap;

use libc::c_long;
use rustix::process::getpid;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

/// System calls that parsing needs: memory, time, random numbers, the open descriptors, and exit.
const PARSING: &[c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_sendto,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_ppoll,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
];

/// System calls that reading a picture never needs, for a program that must be able to start and to open its own files.
const FOREIGN: &[c_long] = &[
    // Processes and threads.
    libc::SYS_clone,
    libc::SYS_clone3,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    // Other processes.
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    // The network, and other processes' descriptors.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_io_uring_setup,
    // The kernel.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_by_handle_at,
];

type SyscallRules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Applies the filter for parsers to this process, which must have one thread only.
pub fn allow_parsing() -> Result<(), String> {
    parsing().map_err(seccompiler::Error::from).and_then(|filter| apply_filter(&filter)).map_err(|error| {
        match error {
            // Happens within another filter, as on AWS Lambda.
            seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error) => error.to_string(),
            error => error.to_string(),
        }
    })
}

fn parsing() -> Result<BpfProgram, BackendError> {
    let mut rules = any(PARSING);
    // Its own limits, which it can only lower, and its own end through abort().
    let own = u64::try_from(getpid().as_raw_nonzero().get()).unwrap_or_default();
    rules.insert(libc::SYS_prlimit64, vec![first_argument(0)?]);
    rules.insert(libc::SYS_tgkill, vec![first_argument(own)?]);
    compile(rules, SeccompAction::Errno(denied()), SeccompAction::Allow)
}

/// Returns the filter for a foreign program: all calls except [`FOREIGN`].
pub fn without_processes_and_sockets() -> Result<BpfProgram, BackendError> {
    compile(any(FOREIGN), SeccompAction::Allow, SeccompAction::Errno(denied()))
}

fn any(calls: &[c_long]) -> SyscallRules {
    calls.iter().map(|call| (*call, Vec::new())).collect()
}

fn first_argument(value: u64) -> Result<SeccompRule, BackendError> {
    let condition = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)?;
    SeccompRule::new(vec![condition])
}

fn compile(
    rules: SyscallRules,
    others: SeccompAction,
    named: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(rules, others, named, TargetArch::try_from(std::env::consts::ARCH)?)?.try_into()
}

fn denied() -> u32 {
    libc::EPERM.unsigned_abs()
}
