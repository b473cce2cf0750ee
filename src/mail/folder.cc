// Letters as files, for demos, tests, and whoever sends them by other means.
#include <utility>

#include "mail/carrier.h"
#include "store/files.h"

namespace butai::mail {
namespace {

class Folder final : public Carrier {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  Delivery carry(const Parcel& parcel) override {
    const std::string file = path_ + "/" + parcel.name + ".eml";
    const auto written = store::write_file(file, as_bytes(parcel.message));
    if (written) return {Delivery::Fate::Taken, {}};
    return {Delivery::Fate::Later, written.error().sentence};
  }

 private:
  std::string path_;
};

}  // namespace

Expected<std::unique_ptr<Carrier>> folder_carrier(const std::string& folder) {
  if (auto made = store::prepare_folder(folder); !made) return std::unexpected(made.error());
  return std::make_unique<Folder>(folder);
}

}  // namespace butai::mail
