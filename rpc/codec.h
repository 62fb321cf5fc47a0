// Values of ours to messages of proto/peer.proto, and back.
//
// Encoding cannot fail. Decoding checks: what a peer or a stranger sent is not believed because it
// parsed. A request that is wrong is the caller's fault: EINVAL (ENAMETOOLONG for a path beyond the
// limits). An answer that is wrong is DATA_LOSS, and says which field.
//
// Times of confirmation travel as ages, because the clocks of two nodes differ: `now` is the
// encoding or the decoding node's own time. An age lost on the way (the flight itself) makes an
// answer look younger by less than the hop timeout.
//
// Not about statuses (status_codec.h) or block contents (block_codec.h). Pure functions,
// thread-safe, no gRPC.
#ifndef COPPICE_RPC_CODEC_H_
#define COPPICE_RPC_CODEC_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/peer.pb.h"
#include "source/attributes.h"
#include "source/block.h"
#include "source/extent_kind.h"
#include "source/file_system_statistics.h"
#include "source/listing.h"
#include "source/path.h"
#include "source/request_context.h"

namespace coppice {

void EncodeAttributes(const Attributes& attributes, v1::Attributes* message);
absl::StatusOr<Attributes> DecodeAttributes(const v1::Attributes& message);

// PathState.directory_version does not travel.
void EncodePathState(const PathState& state, absl::Time now, v1::GetAttrReply* message);
absl::StatusOr<PathState> DecodePathState(const v1::GetAttrReply& message, absl::Time now);

void EncodeListing(const Listing& listing, absl::Time now, v1::ReadDirPlusReply* message);
// The answer to a request for `page`. Entries must be in order, without repeats, of that page,
// valid names, and no more than kListingEntriesMax.
absl::StatusOr<ListingRef> DecodeListing(const v1::ReadDirPlusReply& message,
                                         const DirectoryPage& page, absl::Time now);

void EncodeFileSystemStatistics(const FileSystemStatistics& statistics, v1::FsStatReply* message);
FileSystemStatistics DecodeFileSystemStatistics(const v1::FsStatReply& message);

// The deadline does not travel here: it is gRPC's own. Hops are encoded as they are; it is for the
// caller to count its own.
void EncodeContext(const RequestContext& context, v1::RequestOptions* message);
RequestContext DecodeContext(const v1::RequestOptions& message);

// Path, version and index of a request to Read; the options are left alone.
void EncodeBlockKey(const BlockKey& key, v1::ReadRequest* message);
// EINVAL for a version of id 0.
absl::StatusOr<BlockKey> DecodeBlockKey(const v1::ReadRequest& message);

// Path, version, offset and kind of a request to Seek; the options are left alone.
void EncodeSeek(const Path& path, const Version& version, uint64_t offset, ExtentKind kind,
                v1::SeekRequest* message);
// EINVAL for a version of id 0.
absl::StatusOr<Version> DecodeSeekVersion(const v1::SeekRequest& message);
// An offset that lies before the one of the request, or beyond the file, is no answer.
absl::StatusOr<uint64_t> DecodeSeekReply(const v1::SeekReply& message,
                                         const v1::SeekRequest& request);

void EncodePage(const DirectoryPage& page, v1::ReadDirPlusRequest* message);
absl::StatusOr<DirectoryPage> DecodePage(const v1::ReadDirPlusRequest& message);

}  // namespace coppice

#endif  // COPPICE_RPC_CODEC_H_
