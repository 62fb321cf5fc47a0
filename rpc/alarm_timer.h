// A Timer of gRPC's alarms: they share gRPC's threads, so that no thread of ours waits.
#ifndef COPPICE_RPC_ALARM_TIMER_H_
#define COPPICE_RPC_ALARM_TIMER_H_

#include <memory>

#include "rpc/timer.h"

namespace coppice {

std::unique_ptr<Timer> MakeAlarmTimer();

}  // namespace coppice

#endif  // COPPICE_RPC_ALARM_TIMER_H_
