#include "fuse_client/inode_table.h"

#include <sys/stat.h>

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Path P(const std::string& text) { return Path::Parse(text).value(); }

Attributes File(uint64_t version_id) {
  return {
      .mode = S_IFREG | 0644, .device = 1, .inode = 9, .version = {.id = version_id, .size = 5}};
}

Attributes Directory(uint64_t inode, uint64_t version_id = 1) {
  return {.mode = S_IFDIR | 0755, .device = 1, .inode = inode, .version = {.id = version_id}};
}

TEST(InodeTableTest, TheRootIsNodeOneAndIsNeverForgotten) {
  InodeTable table;
  EXPECT_TRUE(table.Find(kRootNode)->path.IsRoot());
  EXPECT_FALSE(table.Forget(kRootNode, 1000));
  EXPECT_NE(table.Find(kRootNode), nullptr);
  EXPECT_EQ(table.AddLookup(Path(), Directory(2)), kRootNode);
}

TEST(InodeTableTest, TheRootTakesWhateverDeviceItHas) {
  InodeTable table;
  table.SetRoot(Directory(77));
  EXPECT_EQ(table.Find(kRootNode)->inode, 77u);
  EXPECT_TRUE(table.Find(kRootNode)->Matches(Directory(78)));
}

TEST(InodeTableTest, AnUnchangedFileKeepsItsNode) {
  InodeTable table;
  const uint64_t node = table.AddLookup(P("a"), File(1));
  EXPECT_NE(node, kRootNode);
  EXPECT_EQ(table.AddLookup(P("a"), File(1)), node);
  EXPECT_EQ(table.Find(node)->version, (Version{.id = 1, .size = 5}));
}

TEST(InodeTableTest, AChangedFileIsANewNodeAndTheOldOneStaysWhatItWas) {
  InodeTable table;
  const uint64_t before = table.AddLookup(P("a"), File(1));
  const uint64_t after = table.AddLookup(P("a"), File(2));
  EXPECT_NE(before, after);
  EXPECT_EQ(table.Find(before)->version.id, 1u);
  EXPECT_EQ(table.Find(after)->version.id, 2u);
  EXPECT_THAT(table.NodesAt(P("a")), UnorderedElementsAre(before, after));
}

TEST(InodeTableTest, ADirectoryKeepsItsNodeWhenItsEntriesChange) {
  InodeTable table;
  const uint64_t node = table.AddLookup(P("d"), Directory(5, 1));
  EXPECT_EQ(table.AddLookup(P("d"), Directory(5, 2)), node);
  EXPECT_NE(table.AddLookup(P("d"), Directory(6, 2)), node);
}

TEST(InodeTableTest, AFileThatBecameADirectoryIsANewNode) {
  InodeTable table;
  EXPECT_NE(table.AddLookup(P("x"), File(1)), table.AddLookup(P("x"), Directory(9, 1)));
}

TEST(InodeTableTest, ANodeLivesUntilEachLookupIsForgotten) {
  InodeTable table;
  const uint64_t node = table.AddLookup(P("a"), File(1));
  table.AddLookup(P("a"), File(1));
  table.AddLookup(P("a"), File(1));
  EXPECT_FALSE(table.Forget(node, 2));
  EXPECT_NE(table.Find(node), nullptr);
  EXPECT_TRUE(table.Forget(node, 1));
  EXPECT_EQ(table.Find(node), nullptr);
  EXPECT_THAT(table.NodesAt(P("a")), IsEmpty());
  EXPECT_FALSE(table.Forget(node, 1));
  EXPECT_EQ(table.size(), 1u);
}

TEST(InodeTableTest, AnIdIsNeverUsedTwice) {
  InodeTable table;
  const uint64_t first = table.AddLookup(P("a"), File(1));
  table.Forget(first, 1);
  EXPECT_GT(table.AddLookup(P("a"), File(1)), first);
}

TEST(InodeTableTest, NodesWithinGoesByWholeComponents) {
  InodeTable table;
  const uint64_t d = table.AddLookup(P("d"), Directory(5));
  const uint64_t below = table.AddLookup(P("d/x"), File(1));
  const uint64_t deep = table.AddLookup(P("d/e/y"), File(1));
  table.AddLookup(P("d-f"), File(1));
  table.AddLookup(P("d0"), File(1));
  EXPECT_THAT(
      table.NodesWithin(P("d")),
      ElementsAre(std::pair(d, P("d")), std::pair(deep, P("d/e/y")), std::pair(below, P("d/x"))));
  EXPECT_EQ(table.NodesWithin(Path()).size(), 6u);
}

TEST(InodeTableTest, ChildNamesAreTheDirectChildrenOnly) {
  InodeTable table;
  for (const char* path : {"d", "d/b", "d/b/x/y", "d/b-c", "d/b0", "d/c/x", "e"}) {
    table.AddLookup(P(path), File(1));
  }
  EXPECT_THAT(table.ChildNames(P("d")), UnorderedElementsAre("b", "b-c", "b0"));
  EXPECT_THAT(table.ChildNames(Path()), UnorderedElementsAre("d", "e"));
  EXPECT_THAT(table.ChildNames(P("e")), IsEmpty());
}

}  // namespace
}  // namespace coppice
