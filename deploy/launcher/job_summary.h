// What a job's nodes did, put together when the job ends: one text for all, not one for each rank.
// Pure, thread-safe.
#ifndef COPPICE_DEPLOY_LAUNCHER_JOB_SUMMARY_H_
#define COPPICE_DEPLOY_LAUNCHER_JOB_SUMMARY_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proto/inspection.pb.h"

namespace coppice {

struct JobSummary {
  std::string service;
  // As ClusterRecord has it.
  std::string job;
  std::vector<std::string> hosts;
  absl::Time ended_at;
  // What the stop brought back: the nodes that ended with their counters, and who did not answer.
  v1::StopReply stopped;
};

// JSON: what is above, and the sums over all nodes. Fields are named as in proto/inspection.proto,
// its NodeSummary.
std::string JobSummaryText(const JobSummary& summary);

// In one line: "8 nodes: 23.4 MiB in 120 opens from the backing file system, ...".
std::string JobSummaryLine(const JobSummary& summary);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCHER_JOB_SUMMARY_H_
