#include "deploy/service_record.h"

#include "gtest/gtest.h"

namespace coppice {
namespace {

ServiceRecord Example() {
  return {.nodes = {{"node0", "127.0.0.1:1", "/s/node0/peer.sock", "/m/a \"b\"\n"}},
          .processes = {{"node0", ProcessRole::kPeer, {12, 3456789012345}},
                        {"node0", ProcessRole::kClient, {13, 2}},
                        {"node0", ProcessRole::kNode, {14, 3}}},
          .made_directories = {"/m", "/m/a"},
          .mounts_are_private = true};
}

TEST(ServiceRecordTest, TextGivesTheRecordBack) {
  const auto parsed = ParseServiceRecord(ServiceRecordText(Example()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, Example());
}

TEST(ServiceRecordTest, AnEmptyServiceHasARecordToo) {
  const auto parsed = ParseServiceRecord(ServiceRecordText({}));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, ServiceRecord());
}

TEST(ServiceRecordTest, EveryCutOfTheTextIsRefused) {
  const std::string text = ServiceRecordText(Example());
  // Without the last newline it is still whole.
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_EQ(ParseServiceRecord(text.substr(0, size)).status().code(),
              absl::StatusCode::kInvalidArgument)
        << size;
  }
}

TEST(ServiceRecordTest, FieldsOfAnotherTypeOrFormatAreRefused) {
  for (const char* text :
       {"[]", "{}", "{\"format\": 2}", "{\"format\": 1, \"made_directories\": 3}",
        "{\"format\":1,\"made_directories\":[],\"mounts_are_private\":false,"
        "\"nodes\":[],\"processes\":[{\"node\":\"n\",\"role\":\"king\","
        "\"pid\":1,\"start_ticks\":1}]}"}) {
    EXPECT_EQ(ParseServiceRecord(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(ServiceRecordTest, APathThatIsNoUtf8IsStillWritten) {
  ServiceRecord record;
  record.made_directories = {"/m\xff"};
  EXPECT_TRUE(ParseServiceRecord(ServiceRecordText(record)).ok());
}

}  // namespace
}  // namespace coppice
