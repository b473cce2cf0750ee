#include "worker/ffmpeg/sandbox.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "worker/limits.h"

namespace butai::worker {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BUTAI_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BUTAI_SANITIZED 1
#endif
#endif
#ifdef BUTAI_SANITIZED
constexpr bool kSanitized = true;  // shadow memory and its reports need more than any list of ours
#else
constexpr bool kSanitized = false;
#endif

void limit(int resource, rlim_t value) {
  const rlimit both{value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

void limit_resources() {
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, kChildDescriptorsMax);
  if (!kSanitized) limit(RLIMIT_AS, kChildAddressSpaceMax);
}

// The kernel's structure as of ABI 6; a kernel that knows less takes the start of it.
struct LandlockRules {
  std::uint64_t paths = 0, network = 0, scopes = 0;
};

std::string close_landlock() {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, 1 /* ask for the version */);
  if (abi < 1) return "this kernel has no Landlock";
  LandlockRules rules;
  rules.paths = (1U << 13) - 1;           // ABI 1: every access to a path
  if (abi >= 2) rules.paths |= 1U << 13;  // refer
  if (abi >= 3) rules.paths |= 1U << 14;  // truncate
  if (abi >= 5) rules.paths |= 1U << 15;  // ioctl of devices opened later
  if (abi >= 4) rules.network = 3;        // bind and connect TCP
  if (abi >= 6) rules.scopes = 3;         // abstract sockets and signals of others
  const std::size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const int ruleset = static_cast<int>(syscall(SYS_landlock_create_ruleset, &rules, size, 0));
  if (ruleset < 0) return std::string("Landlock refused: ") + strerror(errno);
  const long done = syscall(SYS_landlock_restrict_self, ruleset, 0);
  const int error = errno;
  close(ruleset);
  return done == 0 ? "" : std::string("Landlock refused: ") + strerror(error);
}

class SeccompList {
 public:
  SeccompList() : context_(seccomp_init(SCMP_ACT_KILL_PROCESS)) {}
  ~SeccompList() { seccomp_release(context_); }
  SeccompList(const SeccompList&) = delete;
  SeccompList& operator=(const SeccompList&) = delete;

  template <class... Conditions>
  void allow(int call, Conditions... conditions) {
    add(SCMP_ACT_ALLOW, call, conditions...);
  }
  void refuse(int call, int error) { add(SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call); }
  bool load() { return good_ && seccomp_load(context_) == 0; }

 private:
  template <class... Conditions>
  void add(std::uint32_t action, int call, Conditions... conditions) {
    const int result =
        seccomp_rule_add(context_, action, call, sizeof...(conditions), conditions...);
    good_ = good_ && context_ != nullptr && result == 0;
  }
  scmp_filter_ctx context_;
  bool good_ = true;
};

scmp_arg_cmp argument(unsigned index, scmp_compare how, std::uint64_t a, std::uint64_t b = 0) {
  return {index, how, a, b};
}

bool close_seccomp(Sandbox kind) {
  SeccompList list;
  // The socket pair, and descriptors that were open before (a file, standard input).
  for (const int call :
       {SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
        SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(poll),
        SCMP_SYS(ppoll), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(fstat)}) {
    list.allow(call);
  }
  // Memory, threads and time.
  for (const int call :
       {SCMP_SYS(brk),           SCMP_SYS(munmap),       SCMP_SYS(mremap),
        SCMP_SYS(madvise),       SCMP_SYS(futex),        SCMP_SYS(set_robust_list),
        SCMP_SYS(rseq),          SCMP_SYS(sched_yield),  SCMP_SYS(sched_getaffinity),
        SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
        SCMP_SYS(nanosleep),     SCMP_SYS(gettimeofday), SCMP_SYS(getpid),
        SCMP_SYS(gettid),        SCMP_SYS(getrandom),    SCMP_SYS(getrusage),
        SCMP_SYS(sysinfo),       SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigreturn),  SCMP_SYS(sigaltstack),  SCMP_SYS(restart_syscall),
        SCMP_SYS(membarrier),    SCMP_SYS(exit),         SCMP_SYS(exit_group)}) {
    list.allow(call);
  }
  // Memory is never both given by us and run: no PROT_EXEC from here on.
  list.allow(SCMP_SYS(mmap), argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  list.allow(SCMP_SYS(mprotect), argument(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  // Threads, not processes. clone3 hides its flags in memory, so glibc is made to use clone.
  list.allow(SCMP_SYS(clone), argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  list.refuse(SCMP_SYS(clone3), ENOSYS);
  list.allow(SCMP_SYS(prctl), argument(0, SCMP_CMP_EQ, PR_SET_NAME));
  list.allow(SCMP_SYS(tgkill), argument(0, SCMP_CMP_EQ, static_cast<std::uint64_t>(getpid())));
  // Libraries look for fonts, time zones and processors; they live without.
  for (const int call :
       {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(readlink),
        SCMP_SYS(stat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(uname)}) {
    list.refuse(call, EACCES);
  }
  if (kind == Sandbox::Camera) {
    list.allow(SCMP_SYS(ioctl));
  } else {
    list.refuse(SCMP_SYS(ioctl), ENOTTY);
  }
  return list.load();
}

}  // namespace

Expected<std::string> close_sandbox(Sandbox kind) {
  limit_resources();
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return problem("no_new_privs was refused");
  std::string missing = close_landlock();
  if (kSanitized) return "seccomp is off in sanitizer builds";
  if (!close_seccomp(kind)) return problem("seccomp was refused; the kernel must have it");
  return missing;
}

}  // namespace butai::worker
