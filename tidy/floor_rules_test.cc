#include "tidy/floor_rules.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Floors(const std::string& path, const std::string& include) {
  return Report(CheckFloors({path, "// x\n#include \"" + include + "\"\n"}));
}

TEST(FloorsTest, AnIncludeDownwardsIsFine) {
  EXPECT_THAT(Floors("common/a.cc", "common/a.h"), IsEmpty());
  EXPECT_THAT(Floors("source/a.cc", "common/a.h"), IsEmpty());
  EXPECT_THAT(Floors("tree_builder/a.cc", "proto/tree.pb.h"), IsEmpty());
  EXPECT_THAT(Floors("rpc/a.cc", "proto/peer.grpc.pb.h"), IsEmpty());
  EXPECT_THAT(Floors("peer_server/a.cc", "tree_builder/a.h"), IsEmpty());
  EXPECT_THAT(Floors("fuse_client/a.cc", "trace/a.h"), IsEmpty());
  EXPECT_THAT(Floors("trace/a.cc", "source/path.h"), IsEmpty());
  EXPECT_THAT(Floors("bench/a.cc", "deploy/a.h"), IsEmpty());
}

TEST(FloorsTest, LibrariesHaveNoFloor) {
  EXPECT_THAT(Floors("common/a.cc", "absl/strings/str_cat.h"), IsEmpty());
  EXPECT_THAT(Floors("common/a.cc", "vector"), IsEmpty());
}

TEST(FloorsTest, AnIncludeUpwardsIsFound) {
  EXPECT_EQ(Floors("source/a.cc", "rpc/b.h"),
            "source/a.cc:2: source may not include 'rpc/b.h', only source, common; move what both "
            "need down, or pass it in through an interface\n");
  EXPECT_THAT(Floors("common/a.h", "source/b.h"), HasSubstr("only common; move"));
  EXPECT_THAT(Floors("source/a.h", "proto/peer.pb.h"), HasSubstr("may not include"));
  EXPECT_THAT(Floors("tree_builder/a.h", "source/b.h"), HasSubstr("may not include"));
  EXPECT_THAT(Floors("rpc/a.h", "tree_builder/b.h"), HasSubstr("may not include"));
  EXPECT_THAT(Floors("rpc/a.h", "trace/b.h"), HasSubstr("may not include"));
  EXPECT_THAT(Floors("trace/a.h", "rpc/b.h"), HasSubstr("may not include"));
  EXPECT_THAT(Floors("peer_server/a.h", "fuse_client/b.h"), HasSubstr("may not include"));
  EXPECT_THAT(Floors("fuse_client/a.h", "peer_server/b.h"), HasSubstr("may not include"));
  for (const char* upper : {"deploy/b.h", "bench/b.h", "sim/b.h"}) {
    EXPECT_THAT(Floors("peer_server/a.h", upper), HasSubstr("may not include"));
  }
}

TEST(FloorsTest, ANewFolderNeedsAFloor) {
  EXPECT_THAT(Report(CheckFloors({"attic/a.cc", ""})), HasSubstr("'attic' has no floor; give it"));
  EXPECT_THAT(Report(CheckFloors({"attic/a.sh", ""})), IsEmpty());
}

TEST(FuseIncludesTest, OnlyTheClientAndTheBenchesIncludeLibfuse) {
  for (const char* include : {"<fuse.h>", "<fuse3/fuse_lowlevel.h>", "<fuse_lowlevel.h>",
                              "\"fuse/fuse.h\"", "<fuse_opt.h>"}) {
    const std::string text = std::string("  #  include ") + include + "\n";
    EXPECT_THAT(Report(CheckFuseIncludes({"rpc/a.cc", text})), HasSubstr("rpc/a.cc:1: "))
        << include;
    EXPECT_THAT(CheckFuseIncludes({"fuse_client/a.cc", text}), IsEmpty()) << include;
    EXPECT_THAT(CheckFuseIncludes({"bench/a.cc", text}), IsEmpty()) << include;
  }
  EXPECT_THAT(CheckFuseIncludes({"deploy/a.cc", "#include \"fuse_client/a.h\"\n"}), IsEmpty());
}

TEST(GrpcIncludesTest, OnlyTheWireAndTheMainsIncludeGrpc) {
  for (const char* include :
       {"<grpcpp/grpcpp.h>", "\"grpcpp/server.h\"", "<grpc/grpc.h>", "\"proto/peer.grpc.pb.h\""}) {
    const std::string text = std::string("#include ") + include + "\n";
    for (const char* path : {"source/a.cc", "fuse_client/a.cc", "tree_builder/a.h", "common/a.h"}) {
      EXPECT_THAT(Report(CheckGrpcIncludes({path, text})), HasSubstr(":1: ")) << path << include;
    }
    for (const char* path : {"rpc/a.cc", "peer_server/a.h", "deploy/a.cc", "sim/a.cc", "bench/a.cc",
                             "fuse_client/main.cc"}) {
      EXPECT_THAT(CheckGrpcIncludes({path, text}), IsEmpty()) << path << include;
    }
  }
  EXPECT_THAT(CheckGrpcIncludes({"source/a.cc", "#include \"proto/peer.pb.h\"\n"}), IsEmpty());
}

TEST(FileOpeningTest, OnlyThePosixSourceOpensFiles) {
  for (const char* call :
       {"int f = open(path, 0);", "::open(path, 0);", "return openat(d, n, 0);", "openat2(d);",
        "auto* d = opendir(n);", "fopen(n, m);", "syscall(SYS_openat2, d);"}) {
    const std::string text = std::string("\n  ") + call + "\n";
    EXPECT_THAT(Report(CheckFileOpening({"source/caching_source.cc", text})),
                HasSubstr("source/caching_source.cc:2: '"))
        << call;
    EXPECT_THAT(CheckFileOpening({"source/posix_source.cc", text}), IsEmpty()) << call;
    EXPECT_THAT(CheckFileOpening({"source/posix_source_walk.cc", text}), IsEmpty()) << call;
    EXPECT_THAT(CheckFileOpening({"source/path_test.cc", text}), IsEmpty()) << call;
    EXPECT_THAT(CheckFileOpening({"source/testing/files.cc", text}), IsEmpty()) << call;
    EXPECT_THAT(CheckFileOpening({"common/log.cc", text}), IsEmpty()) << call;
  }
}

TEST(FileOpeningTest, OtherWordsAreNoCalls) {
  for (const char* code : {"Open(x);", "reopen(x);", "stream.open(x);", "gate->open(x);",
                           "// open(x)", "\"open(\"", "bool open = true;"}) {
    EXPECT_THAT(CheckFileOpening({"source/a.cc", code}), IsEmpty()) << code;
  }
}

}  // namespace
}  // namespace coppice
