#include "rpc/codec.h"

#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "gtest/gtest.h"

namespace coppice {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Attributes SomeAttributes(uint32_t mode) {
  return {.mode = mode,
          .nlink = 2,
          .uid = 0xffff'fffe,
          .gid = 100,
          .rdev = 0x1'0000'0003,
          .size = ~uint64_t{0},
          .blocks = 16,
          .block_size = 1 << 22,
          .atime = absl::FromUnixNanos(1'600'000'000'999'999'999),
          .mtime = absl::FromUnixSeconds(-5) + absl::Nanoseconds(1),
          .ctime = absl::FromUnixSeconds(1LL << 40),
          .device = ~uint64_t{0},
          .inode = ~uint64_t{0} - 1,
          .version = {.id = ~uint64_t{0} - 2, .size = ~uint64_t{0}},
          .link_target = S_ISLNK(mode) ? "../a\xff\x01/b" : ""};
}

Listing SomeListing(const std::vector<std::string>& names) {
  Listing listing{.directory = SomeAttributes(S_IFDIR | 0755), .confirmed_at = kNow};
  for (const std::string& name : names) {
    listing.entries.push_back({.name = name, .type = S_IFREG, .inode = 9});
  }
  SortEntries(listing.entries);
  return listing;
}

v1::ReadDirPlusReply Encoded(const Listing& listing) {
  v1::ReadDirPlusReply message;
  EncodeListing(listing, kNow, &message);
  return message;
}

void ExpectRefused(const v1::ReadDirPlusReply& message, const DirectoryPage& page = {}) {
  const absl::Status status = DecodeListing(message, page, kNow).status();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
}

TEST(CodecTest, AttributesOfEveryTypeComeBackAsTheyWere) {
  for (const uint32_t type : {S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK}) {
    const Attributes attributes = SomeAttributes(type | 07777);
    v1::Attributes message;
    EncodeAttributes(attributes, &message);
    const auto decoded = DecodeAttributes(message);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, attributes);
  }
}

TEST(CodecTest, AttributesThatCannotBeAreDataLoss) {
  const std::vector<std::function<void(v1::Attributes&)>> spoilers = {
      [](v1::Attributes& message) { message.set_mode(0644); },
      [](v1::Attributes& message) { message.set_mode(S_IFMT); },
      [](v1::Attributes& message) { message.mutable_atime()->set_nanoseconds(1'000'000'000); },
      [](v1::Attributes& message) { message.mutable_mtime()->set_nanoseconds(~0u); },
      [](v1::Attributes& message) { message.mutable_ctime()->set_nanoseconds(1'000'000'000); },
      [](v1::Attributes& message) { message.set_link_target(std::string("a\0b", 3)); },
      [](v1::Attributes& message) { message.set_link_target(std::string(4096, 'a')); },
  };
  for (size_t i = 0; i < spoilers.size(); ++i) {
    v1::Attributes message;
    EncodeAttributes(SomeAttributes(S_IFLNK | 0777), &message);
    ASSERT_TRUE(DecodeAttributes(message).ok());
    spoilers[i](message);
    EXPECT_TRUE(absl::IsDataLoss(DecodeAttributes(message).status())) << i;
  }
}

TEST(CodecTest, TimesAtTheEndsOfTheRangeDoNotOverflow) {
  for (const absl::Time time : {absl::InfiniteFuture(), absl::InfinitePast(), absl::UnixEpoch()}) {
    Attributes attributes = SomeAttributes(S_IFREG);
    attributes.mtime = time;
    v1::Attributes message;
    EncodeAttributes(attributes, &message);
    EXPECT_TRUE(DecodeAttributes(message).ok());
  }
}

TEST(CodecTest, AConfirmationTravelsAsAnAge) {
  v1::GetAttrReply message;
  EncodePathState({.attributes = SomeAttributes(S_IFREG), .confirmed_at = kNow - absl::Seconds(3)},
                  kNow, &message);
  EXPECT_EQ(message.age_ns(), 3'000'000'000u);
  const absl::Time receiver_now = kNow + absl::Hours(1);  // another node's clock
  const auto state = DecodePathState(message, receiver_now);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->confirmed_at, receiver_now - absl::Seconds(3));
  EXPECT_EQ(*state->attributes, SomeAttributes(S_IFREG));
}

TEST(CodecTest, AConfirmationInTheFutureIsNow) {
  v1::GetAttrReply message;
  EncodePathState({.confirmed_at = kNow + absl::Seconds(3)}, kNow, &message);
  EXPECT_EQ(message.age_ns(), 0u);
}

TEST(CodecTest, AgesSaturate) {
  v1::GetAttrReply message;
  EncodePathState({.confirmed_at = absl::InfinitePast()}, kNow, &message);
  EXPECT_EQ(message.age_ns(), (uint64_t{1} << 63) - 1);
  message.set_age_ns(~uint64_t{0});
  const auto state = DecodePathState(message, kNow);
  ASSERT_TRUE(state.ok());
  EXPECT_LT(state->confirmed_at, kNow - absl::Hours(24 * 365 * 200));
}

TEST(CodecTest, MissingIsAStateAndTheDirectorysVersionDoesNotTravel) {
  v1::GetAttrReply message;
  EncodePathState({.confirmed_at = kNow, .directory_version = {.id = 1, .size = 2}}, kNow,
                  &message);
  const auto state = DecodePathState(message, kNow);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(*state, (PathState{.confirmed_at = kNow}));
}

TEST(CodecTest, AListingComesBackAsItWas) {
  Listing listing = SomeListing({"a", "b", "c\xff", std::string(255, 'n'), "..."});
  listing.entries[2].attributes = SomeAttributes(S_IFLNK | 0777);
  listing.entries[3].type = 0;  // not every file system tells
  listing.confirmed_at = kNow - absl::Milliseconds(1);
  const auto decoded = DecodeListing(Encoded(listing), {}, kNow);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ((*decoded)->directory, listing.directory);
  EXPECT_EQ((*decoded)->confirmed_at, listing.confirmed_at);
  EXPECT_TRUE((*decoded)->IsComplete());
  ASSERT_EQ((*decoded)->entries.size(), listing.entries.size());
  for (size_t i = 0; i < listing.entries.size(); ++i) {
    EXPECT_EQ((*decoded)->entries[i].name, listing.entries[i].name);
    EXPECT_EQ((*decoded)->entries[i].type, listing.entries[i].type);
    EXPECT_EQ((*decoded)->entries[i].inode, listing.entries[i].inode);
    EXPECT_EQ((*decoded)->entries[i].attributes, listing.entries[i].attributes);
  }
}

TEST(CodecTest, AnEntryWithANameThatNoFileHasIsRefused) {
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("a\0b", 3), std::string(256, 'n')}) {
    Listing listing = SomeListing({});
    listing.entries.push_back({.name = name, .type = S_IFREG});
    ExpectRefused(Encoded(listing));
  }
}

TEST(CodecTest, EntriesOutOfOrderOrTwiceAreRefused) {
  v1::ReadDirPlusReply message = Encoded(SomeListing({"a", "b", "c", "d"}));
  ASSERT_TRUE(DecodeListing(message, {}, kNow).ok());
  message.mutable_entries()->SwapElements(1, 2);
  ExpectRefused(message);
  message = Encoded(SomeListing({"a", "a"}));
  ExpectRefused(message);
}

TEST(CodecTest, AnEntryOfAnotherPageIsRefused) {
  const Listing listing = SomeListing({"a"});
  const DirectoryPage own = PageOf(CookieOf("a"), 3);
  const auto decoded = DecodeListing(Encoded(listing), own, kNow);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ((*decoded)->page, own);
  ExpectRefused(Encoded(listing), {.bits = 3, .index = own.index ^ 1});
}

TEST(CodecTest, BitsNeededComeAloneAndAreMoreThanThePages) {
  Listing listing = SomeListing({});
  listing.bits_needed = 5;
  const auto decoded = DecodeListing(Encoded(listing), {.bits = 4, .index = 1}, kNow);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ((*decoded)->bits_needed, 5u);
  ExpectRefused(Encoded(listing), {.bits = 5, .index = 1});
  listing.bits_needed = kPageBitsMax + 1;
  ExpectRefused(Encoded(listing));
  listing = SomeListing({"a"});
  listing.bits_needed = 5;
  ExpectRefused(Encoded(listing));
}

TEST(CodecTest, MoreEntriesThanAListingMayHaveAreRefused) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kListingEntriesMax; ++i) names.push_back(absl::StrCat(i));
  EXPECT_TRUE(DecodeListing(Encoded(SomeListing(names)), {}, kNow).ok());
  names.push_back("one more");
  ExpectRefused(Encoded(SomeListing(names)));
}

TEST(CodecTest, AListingWithoutItsDirectoryOrOfAFileIsRefused) {
  ExpectRefused({});
  Listing listing = SomeListing({});
  listing.directory = SomeAttributes(S_IFREG);
  ExpectRefused(Encoded(listing));
}

TEST(CodecTest, AnEntryOfNoTypeOrWithBadAttributesIsRefused) {
  v1::ReadDirPlusReply message = Encoded(SomeListing({"a"}));
  message.mutable_entries(0)->set_type(1);
  ExpectRefused(message);
  message = Encoded(SomeListing({"a"}));
  message.mutable_entries(0)->mutable_attributes()->set_mode(0);
  ExpectRefused(message);
}

TEST(CodecTest, TheContextComesBackWithoutItsDeadline) {
  v1::RequestOptions message;
  const RequestContext context{
      .age_max = absl::Nanoseconds(1'234'567), .speculative = true, .hops = 7};
  EncodeContext(context, &message);
  const RequestContext decoded = DecodeContext(message);
  EXPECT_EQ(decoded.age_max, context.age_max);
  EXPECT_TRUE(decoded.speculative);
  EXPECT_EQ(decoded.hops, 7u);
  EXPECT_EQ(decoded.deadline, absl::InfiniteFuture());
}

TEST(CodecTest, AnAgeOfAnyIsLeftOutAndAnAgeOfNowIsOne) {
  for (const auto& [age_max, on_wire] :
       std::vector<std::pair<absl::Duration, uint64_t>>{{absl::InfiniteDuration(), 0},
                                                        {absl::ZeroDuration(), 1},
                                                        {-absl::Seconds(1), 1},
                                                        {absl::Nanoseconds(1), 1}}) {
    v1::RequestOptions message;
    EncodeContext({.age_max = age_max}, &message);
    EXPECT_EQ(message.age_max_ns(), on_wire) << age_max;
  }
  EXPECT_EQ(DecodeContext({}).age_max, absl::InfiniteDuration());
  v1::RequestOptions huge;
  huge.set_age_max_ns(~uint64_t{0});
  EXPECT_EQ(DecodeContext(huge).age_max, absl::InfiniteDuration());
}

TEST(CodecTest, ABlockKeyComesBackAsItWas) {
  const BlockKey key{.path = Path::Parse("a/\xff").value(),
                     .version = {.id = ~uint64_t{0}, .size = 1},
                     .index = ~uint64_t{0}};
  v1::ReadRequest message;
  EncodeBlockKey(key, &message);
  const auto decoded = DecodeBlockKey(message);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, key);
}

TEST(CodecTest, ABlockKeyWithABadPathOrNoVersionIsEinval) {
  v1::ReadRequest message;
  message.set_path("a/../b");
  message.mutable_version()->set_id(1);
  EXPECT_EQ(StatusErrno(DecodeBlockKey(message).status()), EINVAL);
  message.set_path("a");
  message.clear_version();
  EXPECT_EQ(StatusErrno(DecodeBlockKey(message).status()), EINVAL);
  message.set_path(std::string(5000, 'a'));
  EXPECT_EQ(StatusErrno(DecodeBlockKey(message).status()), ENAMETOOLONG);
}

TEST(CodecTest, ASeekWithoutAVersionIsEinvalAndAnAnswerOutsideIsDataLoss) {
  v1::SeekRequest request;
  EncodeSeek(Path::Parse("a").value(), {.id = 7, .size = 100}, 10, ExtentKind::kHole, &request);
  EXPECT_EQ(*DecodeSeekVersion(request), (Version{.id = 7, .size = 100}));
  EXPECT_TRUE(request.find_hole());
  v1::SeekReply reply;
  for (const uint64_t offset : {9, 10, 99, 100, 101}) {
    reply.set_offset(offset);
    for (const bool find_hole : {false, true}) {
      request.set_find_hole(find_hole);
      const absl::StatusOr<uint64_t> decoded = DecodeSeekReply(reply, request);
      const bool valid = offset >= 10 && offset <= (find_hole ? 100u : 99u);
      EXPECT_EQ(decoded.ok(), valid) << offset;
      EXPECT_EQ(absl::IsDataLoss(decoded.status()), !valid) << offset;
    }
  }
  request.clear_version();
  EXPECT_EQ(StatusErrno(DecodeSeekVersion(request).status()), EINVAL);
}

TEST(CodecTest, APageThatCannotBeIsEinval) {
  const DirectoryPage last{.bits = kPageBitsMax, .index = (1u << kPageBitsMax) - 1};
  v1::ReadDirPlusRequest message;
  EncodePage(last, &message);
  EXPECT_EQ(*DecodePage(message), last);
  message.set_page_index(last.index + 1);
  EXPECT_EQ(StatusErrno(DecodePage(message).status()), EINVAL);
  message.set_page_index(0);
  for (const uint32_t bits : {kPageBitsMax + 1, 64u, ~0u}) {
    message.set_page_bits(bits);
    EXPECT_EQ(StatusErrno(DecodePage(message).status()), EINVAL);
  }
}

TEST(CodecTest, FileSystemStatisticsComeBackAsTheyWere) {
  const FileSystemStatistics statistics{.block_size = 1,
                                        .fragment_size = 2,
                                        .blocks = 3,
                                        .blocks_free = 4,
                                        .blocks_available = 5,
                                        .files = 6,
                                        .files_free = 7,
                                        .files_available = ~uint64_t{0},
                                        .name_bytes_max = 255};
  v1::FsStatReply message;
  EncodeFileSystemStatistics(statistics, &message);
  EXPECT_EQ(DecodeFileSystemStatistics(message), statistics);
}

}  // namespace
}  // namespace coppice
