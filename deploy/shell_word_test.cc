#include "deploy/shell_word.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

TEST(ShellWordTest, WhatAShellWouldTakeApartIsQuoted) {
  EXPECT_EQ(ShellWord("/a/b_c-1.x=2"), "/a/b_c-1.x=2");
  EXPECT_EQ(ShellWord("a b'c"), "'a b'\\''c'");
  EXPECT_EQ(ShellWord("$HOME"), "'$HOME'");
  EXPECT_EQ(ShellWord("a*\n"), "'a*\n'");
  EXPECT_EQ(ShellWord(""), "''");
}

TEST(ShellWordTest, OnDemandEverythingIs) {
  EXPECT_EQ(ShellQuoted("plain"), "'plain'");
  EXPECT_EQ(ShellQuoted("'"), "''\\'''");
}

}  // namespace
}  // namespace coppice
