#include "deploy/launcher/allocation.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> NamesOf(const Allocation& allocation) {
  std::vector<std::string> names;
  for (const Member& member : allocation.members) names.push_back(member.name);
  return names;
}

std::string WriteNodeFile(const std::string& text) {
  const std::string path = testing::TempDir() + "/nodes";
  std::ofstream(path) << text;
  return path;
}

TEST(AllocationTest, WithoutHostsThereIsNone) {
  const auto found = FindAllocation({.addresses = "%h:7117"}, {});
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
}

TEST(AllocationTest, ANodeOfAPbsFileIsOneHostHoweverOftenAndHoweverItIsWritten) {
  const JobEnvironment pbs = {
      .pbs_nodefile = WriteNodeFile("n1.cluster\nn1.cluster\nn2.cluster\nn1\nn2.cluster\n"),
      .pbs_job = "123.server"};
  const auto found = FindAllocation({.addresses = "%s:7117"}, pbs);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(NamesOf(**found), ElementsAre("n1.cluster", "n2.cluster"));
  EXPECT_EQ((*found)->job, "pbs-123");
  EXPECT_EQ((*found)->members[0].addresses[0], "n1:7117");
}

TEST(AllocationTest, SlurmGivesAnExpression) {
  const auto found = FindAllocation({.addresses = "%h:7117"},
                                    {.slurm_nodelist = "node[08-10]", .slurm_job = "77"});
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(NamesOf(**found), ElementsAre("node08", "node09", "node10"));
  EXPECT_EQ((*found)->job, "slurm-77");
}

TEST(AllocationTest, WhatIsAskedForComesBeforeTheBatchSystem) {
  const auto found = FindAllocation({.hosts = "a,b", .addresses = "%h:1"}, {.slurm_nodelist = "c"});
  ASSERT_TRUE(found.ok());
  EXPECT_THAT(NamesOf(**found), ElementsAre("a", "b"));
}

TEST(AllocationTest, MistakesNameTheirSource) {
  const auto garbage = FindAllocation({.hosts = "a[1-", .addresses = "%h:1"}, {});
  EXPECT_THAT(std::string(garbage.status().message()), HasSubstr("--hosts"));
  const auto missing = FindAllocation({.addresses = "%h:1"}, {.pbs_nodefile = "/no/such/file"});
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("first node"));
}

TEST(AllocationTest, AnArrayJobCanNameAService) {
  EXPECT_EQ(JobName({.pbs_job = "123[4].server"}), "pbs-123_4");
  EXPECT_EQ(JobName({}), "");
}

}  // namespace
}  // namespace coppice
