// A disk whose sync takes ten milliseconds, as network disks of clouds do: preloaded before a program
// (LD_PRELOAD), it waits before each fsync and fdatasync and then does it. Nothing else is slower.
// Thread: any.
#include <dlfcn.h>
#include <time.h>

namespace {

constexpr long kSyncNanos = 10'000'000;

int after_a_wait(const char* name, int descriptor) {
  const timespec wait{0, kSyncNanos};
  nanosleep(&wait, nullptr);
  using Sync = int (*)(int);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): what dlsym gives is a void pointer
  return reinterpret_cast<Sync>(dlsym(RTLD_NEXT, name))(descriptor);
}

}  // namespace

extern "C" {
int fsync(int descriptor) { return after_a_wait("fsync", descriptor); }
int fdatasync(int descriptor) { return after_a_wait("fdatasync", descriptor); }
}
