// A tree of real nodes, over real sockets, in one process.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gtest/gtest.h"
#include "peer_server/testing/test_cluster.h"
#include "source/testing/await.h"

namespace coppice {
namespace {

Path At(const std::string& text) { return *Path::Parse(text); }

RequestContext Within(absl::Duration timeout) { return {.deadline = absl::Now() + timeout}; }

// Opens and reads a whole file as a mount does. Empty attributes: missing.
absl::StatusOr<std::string> ReadWhole(Source& source, const std::string& path) {
  const auto state = AwaitAttributes(source, At(path), Within(absl::Seconds(30)));
  if (!state.ok()) return state.status();
  if (!state->attributes.has_value()) return ErrnoStatus(ENOENT, path);
  std::string bytes;
  const Version& version = state->attributes->version;
  for (uint64_t i = 0; i < BlockCount(version.size); ++i) {
    const auto block = AwaitBlock(source, {At(path), version, i}, Within(absl::Seconds(30)));
    if (!block.ok()) return block.status();
    bytes.append((*block)->bytes().data(), (*block)->size());
  }
  return bytes;
}

// One thread a node, released together.
template <typename Work>
void OnAllNodes(TestCluster& cluster, Work work) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cluster.size(); ++i) threads.emplace_back([&, i] { work(i); });
  for (std::thread& thread : threads) thread.join();
}

v1::InvalidateReply Invalidate(TestCluster& cluster, size_t asked, const std::string& path,
                               bool recursive = false) {
  grpc::ClientContext context;
  // The first call connects, which may take long while all nodes are read.
  context.set_wait_for_ready(true);
  v1::InvalidateRequest request;
  request.set_path(path);
  request.set_recursive(recursive);
  v1::InvalidateReply reply;
  const grpc::Status status = cluster.inspection(asked).Invalidate(&context, request, &reply);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return reply;
}

TEST(ClusterTest, ThirtyOneNodesReadingTheSame8MiBAtOnceAre8BackingReads) {
  TestCluster cluster(31, 2);
  std::string bytes(8 * kBlockBytes, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 20));
  cluster.WriteFile("data", bytes);
  std::atomic<int> right = 0;
  OnAllNodes(cluster, [&](size_t i) {
    const auto read = ReadWhole(cluster.client(i), "data");
    if (read.ok() && *read == bytes) ++right;
  });
  EXPECT_EQ(right, 31);
  EXPECT_EQ(cluster.Counter(0, "backing", "reads"), 8u);
  EXPECT_EQ(cluster.Counter(0, "backing", "bytes"), 8 * kBlockBytes);
  EXPECT_EQ(cluster.Counter(0, "backing", "lstats"), 1u);
}

TEST(ClusterTest, WhatReachesTheBackingFileSystemIsThatOfOneNode) {
  const auto run = [](size_t node_count) {
    TestCluster cluster(node_count, 2);
    for (int i = 0; i < 30; ++i) cluster.WriteFile(absl::StrCat("pkg/m", i, ".py"), "pass\n");
    OnAllNodes(cluster, [&](size_t node) {
      for (int i = 0; i < 30; ++i) {
        EXPECT_EQ(*ReadWhole(cluster.client(node), absl::StrCat("pkg/m", i, ".py")), "pass\n");
        EXPECT_EQ(
            StatusErrno(ReadWhole(cluster.client(node), absl::StrCat("pkg/m", i, ".so")).status()),
            ENOENT);
      }
    });
    return std::vector<uint64_t>{
        cluster.Counter(0, "backing", "opens"), cluster.Counter(0, "backing", "bytes"),
        cluster.Counter(0, "backing", "lstats"), cluster.Counter(0, "backing", "readdirs")};
  };
  EXPECT_EQ(run(7), run(1));
}

// What the roots have read of the backing file system, together.
std::vector<uint64_t> BackingReads(TestCluster& cluster) {
  std::vector<uint64_t> sums;
  for (const char* counter : {"opens", "reads", "bytes", "lstats", "readdirs"}) {
    uint64_t& sum = sums.emplace_back(0);
    for (size_t i = 0; i < cluster.size(); ++i) sum += cluster.Total(i, "backing", counter);
  }
  return sums;
}

constexpr uint64_t kManyFiles = 256;
constexpr uint64_t kManyFileBytes = 32 << 10;

// Every node reads the same 256 files of 16 directories at once, and looks for a missing one in
// each.
void ReadManyFilesOnAllNodes(TestCluster& cluster) {
  const auto path_of = [](uint64_t i) { return absl::StrCat("pkg", i % 16, "/m", i, ".py"); };
  for (uint64_t i = 0; i < kManyFiles; ++i) {
    cluster.WriteFile(path_of(i), std::string(kManyFileBytes, static_cast<char>('a' + i % 26)));
  }
  OnAllNodes(cluster, [&](size_t node) {
    for (int i = 0; i < 16; ++i) {
      ASSERT_TRUE(AwaitListing(cluster.client(node), At(absl::StrCat("pkg", i))).ok());
      EXPECT_EQ(StatusErrno(ReadWhole(cluster.client(node), absl::StrCat("pkg", i, "/x")).status()),
                ENOENT);
    }
    for (uint64_t i = 0; i < kManyFiles; ++i) {
      const auto bytes = ReadWhole(cluster.client(node), path_of(i));
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      EXPECT_EQ(*bytes, std::string(kManyFileBytes, static_cast<char>('a' + i % 26)));
    }
  });
}

TEST(ClusterTest, FourTreesReadEachKeyOnceAndEachRootAboutAQuarter) {
  std::vector<uint64_t> of_one_tree;
  {
    TestCluster cluster(16, 4);
    ReadManyFilesOnAllNodes(cluster);
    of_one_tree = BackingReads(cluster);
  }
  TestCluster cluster(16, 4, {}, 4);
  ReadManyFilesOnAllNodes(cluster);
  EXPECT_EQ(BackingReads(cluster), of_one_tree);
  for (uint32_t tree = 0; tree < 4; ++tree) {
    const uint64_t bytes = cluster.Counter(cluster.trees().Root(tree), "backing", "bytes");
    EXPECT_GT(bytes, kManyFiles * kManyFileBytes * 18 / 100) << tree;
    EXPECT_LT(bytes, kManyFiles * kManyFileBytes * 32 / 100) << tree;
    RecordProperty(absl::StrCat("root_", tree, "_bytes"), absl::StrCat(bytes));
  }
}

TEST(ClusterTest, NoNodeSendsMoreThanTheBlocksOfTheTreesInWhichItHasChildren) {
  TestCluster cluster(16, 4, {}, 4);
  ReadManyFilesOnAllNodes(cluster);
  const uint64_t all_bytes = kManyFiles * kManyFileBytes;
  for (uint32_t node = 0; node < 16; ++node) {
    // To its own client, and to each child the blocks of that tree once.
    uint64_t share = all_bytes;
    for (uint32_t tree = 0; tree < 4; ++tree) {
      share += cluster.trees().Children(tree, node).size() *
               cluster.Counter(cluster.trees().Root(tree), "backing", "bytes");
    }
    EXPECT_EQ(cluster.Counter(node, "service", "bytes_sent"), share) << node;
    // In one tree the root alone would send four times all bytes to its children.
    EXPECT_LT(share - all_bytes, all_bytes * 4 / 3) << node;
  }
}

TEST(ClusterTest, OneLargeFileIsReadByAllRootsInGroupsOfEightBlocks) {
  TestCluster cluster(4, 2, {}, 4);
  std::string bytes(40 * kBlockBytes, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 20));
  cluster.WriteFile("large", bytes);
  OnAllNodes(cluster, [&](size_t node) {
    const auto read = ReadWhole(cluster.client(node), "large");
    EXPECT_TRUE(read.ok() && *read == bytes);
  });
  uint64_t reads = 0;
  int readers = 0;
  for (uint32_t tree = 0; tree < 4; ++tree) {
    const uint64_t of_root = cluster.Counter(cluster.trees().Root(tree), "backing", "reads");
    EXPECT_EQ(of_root % 8, 0u) << tree;
    reads += of_root;
    if (of_root > 0) ++readers;
  }
  EXPECT_EQ(reads, 40u);
  EXPECT_GT(readers, 1);
}

TEST(ClusterTest, WithSeveralTreesAChangedDirectoryIsSeenWhenItsListingIsTooOld) {
  TestCluster cluster(7, 2, {.negative_ttl = absl::Milliseconds(1)}, 3);
  cluster.WriteFile("d/e/file", "bytes");
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ((*AwaitListing(cluster.client(i), At("d/e")))->entries.size(), 1u);
  }
  cluster.WriteFile("d/e/new", "here");
  for (size_t i = 0; i < 7; ++i) {
    // Without an age, it may be a listing of up to a millisecond ago.
    const auto listing =
        AwaitListing(cluster.client(i), At("d/e"), {}, {.age_max = absl::Nanoseconds(1)});
    ASSERT_TRUE(listing.ok()) << listing.status();
    EXPECT_EQ((*listing)->entries.size(), 2u);
  }
}

TEST(ClusterTest, WithSeveralTreesInvalidateCountsEachNodeOnceAndGoesDownEachTree) {
  TestCluster cluster(7, 2, {}, 3);
  cluster.WriteFile("d/file", "old");
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(*ReadWhole(cluster.client(i), "d/file"), "old");
  cluster.WriteFile("d/file", "replaced");
  const v1::InvalidateReply reply = Invalidate(cluster, /*asked=*/5, "d", /*recursive=*/true);
  EXPECT_EQ(reply.nodes(), 7u);
  EXPECT_EQ(reply.failures_size(), 0);
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(cluster.Counter(i, "metadata_cache", "invalidations"), 3u) << "one for each tree";
    EXPECT_EQ(*ReadWhole(cluster.client(i), "d/file"), "replaced");
  }
}

// A node that forgets before its parent in the tree of a key gets the old back from it.
TEST(ClusterTest, WithSeveralTreesNoNodeKnowsTheOldAfterInvalidateWhileAllRead) {
  TestCluster cluster(9, 2, {}, 3);
  constexpr int kFiles = 12;
  const auto path_of = [](int i) { return absl::StrCat("d", i % 4, "/f", i); };
  const auto write_all = [&](int generation) {
    for (int i = 0; i < kFiles; ++i) {
      cluster.WriteFile(path_of(i), std::string(10 + generation, 'x'));
    }
  };
  write_all(0);
  std::atomic<bool> stop = false;
  std::thread readers([&] {
    OnAllNodes(cluster, [&](size_t node) {
      while (!stop) {
        for (int i = 0; i < kFiles; ++i) {
          (void)AwaitAttributes(cluster.client(node), At(path_of(i)), Within(absl::Seconds(30)));
        }
      }
    });
  });
  for (int generation = 1; generation <= 20; ++generation) {
    write_all(generation);
    EXPECT_EQ(Invalidate(cluster, generation % 9, "", /*recursive=*/true).nodes(), 9u);
    for (size_t node = 0; node < 9; ++node) {
      for (int i = 0; i < kFiles; ++i) {
        const auto state = AwaitAttributes(cluster.client(node), At(path_of(i)));
        EXPECT_TRUE(state.ok() && state->attributes->size == 10u + generation)
            << "node" << node << " " << path_of(i) << " " << state.status();
      }
    }
  }
  stop = true;
  readers.join();
}

TEST(ClusterTest, EveryNodeGetsTheErrnoOfTheBackingFileSystem) {
  TestCluster cluster(4, 1);
  cluster.WriteFile("file", "x");
  for (size_t i = 0; i < cluster.size(); ++i) {
    EXPECT_EQ(StatusErrno(AwaitAttributes(cluster.client(i), At("file/below")).status()), ENOTDIR);
    EXPECT_EQ(StatusErrno(AwaitListing(cluster.client(i), At("file")).status()), ENOTDIR);
    EXPECT_EQ(StatusErrno(AwaitListing(cluster.client(i), At("none")).status()), ENOENT);
    EXPECT_FALSE(AwaitAttributes(cluster.client(i), At("none"))->attributes.has_value());
  }
}

TEST(ClusterTest, W14_AfterInvalidateAtAnyNodeEveryNodeSeesTheNewFile) {
  TestCluster cluster(7, 2);
  cluster.WriteFile("d/file", "old");
  for (size_t i = 0; i < cluster.size(); ++i) {
    EXPECT_EQ(*ReadWhole(cluster.client(i), "d/file"), "old");
    EXPECT_EQ(StatusErrno(ReadWhole(cluster.client(i), "d/new").status()), ENOENT);
    ASSERT_TRUE(AwaitListing(cluster.client(i), At("d")).ok());
  }
  cluster.WriteFile("d/file", "replaced");
  cluster.WriteFile("d/new", "here");
  const v1::InvalidateReply reply = Invalidate(cluster, /*asked=*/6, "d", /*recursive=*/true);
  EXPECT_EQ(reply.nodes(), 7u);
  EXPECT_TRUE(reply.failures().empty());
  for (size_t i = 0; i < cluster.size(); ++i) {
    EXPECT_EQ(*ReadWhole(cluster.client(i), "d/file"), "replaced");
    EXPECT_EQ(*ReadWhole(cluster.client(i), "d/new"), "here");
    EXPECT_EQ((*AwaitListing(cluster.client(i), At("d")))->entries.size(), 2u);
  }
}

TEST(ClusterTest, InvalidateNamesTheNodeItCannotReachAndTheRestHasForgotten) {
  TestCluster cluster(3, 2);
  cluster.WriteFile("file", "old");
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(*ReadWhole(cluster.client(i), "file"), "old");
  cluster.Stop(2);
  cluster.WriteFile("file", "new!");
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(3)));
  v1::InvalidateRequest request;
  request.set_path("file");
  v1::InvalidateReply reply;
  ASSERT_TRUE(cluster.inspection(1).Invalidate(&context, request, &reply).ok());
  EXPECT_EQ(reply.nodes(), 2u);
  ASSERT_EQ(reply.failures_size(), 1);
  EXPECT_NE(reply.failures(0).find("node2"), std::string::npos) << reply.failures(0);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(*ReadWhole(cluster.client(i), "file"), "new!");
}

TEST(ClusterTest, InvalidateRefusesAPathThatCannotBe) {
  TestCluster cluster(2, 2);
  for (size_t asked = 0; asked < 2; ++asked) {
    grpc::ClientContext context;
    v1::InvalidateRequest request;
    request.set_path("../etc");
    v1::InvalidateReply reply;
    EXPECT_FALSE(cluster.inspection(asked).Invalidate(&context, request, &reply).ok());
  }
}

TEST(ClusterTest, AFileChangedWhileItIsReadGivesOldOrNewBytesOrAnErrorNeverAMix) {
  TestCluster cluster(3, 1);
  // In place, the file is written by one write(2), so that no state of it on disk is a mix.
  constexpr size_t kBytes = 3 * kBlockBytes + 17;
  cluster.WriteFile("file", std::string(kBytes, 'A'));
  std::atomic<bool> stop = false;
  std::atomic<int> mixed = 0, whole = 0;
  std::thread writer([&] {
    for (char fill = 'B'; fill <= 'Z'; ++fill) {
      if (fill % 2 == 0) {  // in place
        const std::string bytes(kBytes, fill);
        const int file = open((cluster.export_root() + "file").c_str(), O_WRONLY);
        EXPECT_EQ(write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(kBytes));
        close(file);
      } else {  // by rename, as editors and pip do
        cluster.WriteFile("file.new", std::string(kBytes, fill));
        std::filesystem::rename(cluster.export_root() + "file.new", cluster.export_root() + "file");
      }
      Invalidate(cluster, 0, "file");
    }
    // On a busy machine no reader may have been fast enough before the last change.
    while (whole == 0) std::this_thread::yield();
    stop = true;
  });
  OnAllNodes(cluster, [&](size_t node) {
    while (!stop) {
      const auto bytes = ReadWhole(cluster.client(node), "file");
      if (!bytes.ok()) {
        EXPECT_EQ(StatusErrno(bytes.status()), ESTALE) << bytes.status();
        continue;
      }
      ++whole;
      if (bytes->find_first_not_of((*bytes)[0]) != std::string::npos) ++mixed;
    }
  });
  writer.join();
  EXPECT_EQ(mixed, 0);
  for (size_t node = 0; node < 3; ++node) {
    EXPECT_EQ(*ReadWhole(cluster.client(node), "file"), std::string(kBytes, 'Z'));
  }
}

// R1 and W9 of the predecessor: a lost parent hung its children for ever.
TEST(ClusterTest, W9_WithoutItsParentARequestEndsAtItsDeadlineAndLaterOnesSucceedWhenItIsBack) {
  TestCluster cluster(2, 2);
  cluster.WriteFile("file", "bytes");
  cluster.Stop(0);
  const absl::Time start = absl::Now();
  const auto lost = AwaitAttributes(cluster.client(1), At("file"), Within(absl::Milliseconds(500)));
  EXPECT_EQ(StatusErrno(lost.status()), EIO);
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
  Answer<PathState> waiting;
  cluster.client(1).GetAttributes(At("file"), Within(absl::Seconds(60)), waiting.MakeDone());
  cluster.Start(0);
  const auto found = waiting.Await();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->attributes->size, 5u);
}

TEST(ClusterTest, AThousandRequestsThatWaitForAParentTakeNoThreads) {
  TestCluster cluster(2, 2);
  cluster.Stop(0);
  const auto threads = [] {
    size_t count = 0;
    for ([[maybe_unused]] const auto& task :
         std::filesystem::directory_iterator("/proc/self/task")) {
      ++count;
    }
    return count;
  };
  const size_t before = threads();
  std::vector<Answer<PathState>> answers(1000);
  for (size_t i = 0; i < answers.size(); ++i) {
    cluster.client(1).GetAttributes(At(absl::StrCat("f", i)), Within(absl::Seconds(2)),
                                    answers[i].MakeDone());
  }
  for (const auto& answer : answers) EXPECT_FALSE(answer.Await().ok());
  EXPECT_LT(threads(), before + 100);
}

}  // namespace
}  // namespace coppice
