#include <limits>

#include "fedscape/io/run_file.hpp"

namespace fedscape {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Loss and accuracy of `metrics` (null: not measured) under a prefix.
void add_metrics(Row& row, const std::string& prefix, const Metrics* metrics) {
  row.push_back({prefix + "_loss", "nat", metrics != nullptr ? metric(*metrics, "loss") : kNone});
  row.push_back({prefix + "_accuracy", "percent", metrics != nullptr ? metric(*metrics, "accuracy") : kNone});
}

}  // namespace

Row row_of(const RoundReport& report, const Metrics* test, const PersonalMetrics* personal) {
  Row row{{"train_loss", "nat", report.train_loss}};
  add_metrics(row, "test", test);
  add_metrics(row, "personal", personal != nullptr ? &personal->samples : nullptr);
  row.push_back({"personal_client_accuracy", "percent", personal != nullptr ? personal->client_accuracy : kNone});
  row.push_back({"personal_client_f1", "percent", personal != nullptr ? personal->client_f1 : kNone});
  add_metrics(row, "before", report.before.count > 0 ? &report.before : nullptr);
  add_metrics(row, "after", report.after.count > 0 ? &report.after : nullptr);
  for (const Figure& figure : report.figures)
    row.push_back({std::string(figure.name), std::string(figure.unit), figure.value});
  row.push_back({"lr", "1", report.lr});
  row.push_back({"upload_norm", "1", report.upload_norm});
  if (report.privacy) {
    row.push_back({"clipped", "1", report.privacy->clipped});
    row.push_back({"client_norm", "1", report.privacy->client_norm});
    row.push_back({"epsilon", "1", report.privacy->epsilon});
  }
  row.push_back({"clients", "1", static_cast<double>(report.clients)});
  row.push_back({"samples", "1", static_cast<double>(report.samples)});
  row.push_back({"steps", "1", static_cast<double>(report.steps)});
  row.push_back({"seconds", "s", report.seconds});
  row.push_back({"wait_seconds", "s", report.wait_seconds});
  return row;
}

}  // namespace fedscape
