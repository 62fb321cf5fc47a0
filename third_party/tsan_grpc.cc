// For ThreadSanitizer, in tests: lets it see what gRPC hands from thread to thread.
//
// gRPC and Abseil come from the distribution without instrumentation. What one thread writes before
// it calls gRPC, and another reads in a callback, looks like a race, since the locks between are
// invisible. The functions here stand before theirs, in the tests' executables, and say that all
// threads that pass through gRPC meet at one point. So races between two of them can be missed;
// those under our own locks, and of threads of our own, are found.
#include <dlfcn.h>
#include <grpc/grpc.h>

#include <cstddef>

extern "C" {

void __tsan_acquire(void* address);
void __tsan_release(void* address);

// absl::Mutex::Lock and Unlock, by the names that Debian's Abseil gives them.
void _ZN4absl7debian35Mutex4LockEv(void* mutex);
void _ZN4absl7debian35Mutex6UnlockEv(void* mutex);

}  // extern "C"

namespace {

char meeting_point;

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void _ZN4absl7debian35Mutex4LockEv(void* mutex) {
  static auto* const next = Next<void(void*)>("_ZN4absl7debian35Mutex4LockEv");
  next(mutex);
  __tsan_acquire(&meeting_point);
}

void _ZN4absl7debian35Mutex6UnlockEv(void* mutex) {
  static auto* const next = Next<void(void*)>("_ZN4absl7debian35Mutex6UnlockEv");
  __tsan_release(&meeting_point);
  next(mutex);
}

grpc_event grpc_completion_queue_next(grpc_completion_queue* queue, gpr_timespec deadline,
                                      void* reserved) {
  static auto* const next =
      Next<decltype(grpc_completion_queue_next)>("grpc_completion_queue_next");
  __tsan_release(&meeting_point);
  const grpc_event event = next(queue, deadline, reserved);
  __tsan_acquire(&meeting_point);
  return event;
}

grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* operations, size_t count,
                                      void* tag, void* reserved) {
  static auto* const next = Next<decltype(grpc_call_start_batch)>("grpc_call_start_batch");
  __tsan_release(&meeting_point);
  return next(call, operations, count, tag, reserved);
}
