#include "fedscape/algo/federated/mrtf.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fedscape/algo/distill/predictor.hpp"
#include "tests/algo/federated/rounds.hpp"
#include "tests/support/message_of.hpp"

namespace fedscape {
namespace {

using test::case_of;
using test::FederationCase;
using Rows = std::vector<std::vector<double>>;

MrTf mrtf(const std::string& mode = "ALL") {
  MrTf algorithm;
  algorithm.mode = mode;
  algorithm.refinement.distil.steps = 5;
  return algorithm;
}

// What MrTF makes of its teachers, plainly and in double.

struct Teacher {
  Predictions seen;
  double weight;
};

Rows rows_of(const std::vector<float>& flat, std::size_t n) {
  Rows rows(n, std::vector<double>(flat.size() / n));
  for (std::size_t i = 0; i < flat.size(); ++i) rows[i / rows[0].size()][i % rows[0].size()] = double(flat[i]);
  return rows;
}

void softmax(std::vector<double>& row) {
  const double peak = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (double& z : row) sum += z = std::exp(z - peak);
  for (double& z : row) z /= sum;
}

void rectify_plainly(Rows& logits) {
  double sum = 0, squares = 0, n = 0;
  for (const auto& row : logits)
    for (const double z : row) sum += z, ++n;
  for (const auto& row : logits)
    for (const double z : row) squares += (z - sum / n) * (z - sum / n);
  for (auto& row : logits)
    for (double& z : row) z /= std::sqrt(squares / (n - 1)) + 1e-8;
}

void normalise(std::vector<double>& v) {
  const double norm = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
  for (double& x : v) x /= norm + 1e-8;
}

void refine_plainly(Rows& labels, Rows features) {
  Rows prototypes(labels[0].size(), std::vector<double>(features[0].size()));
  for (std::size_t c = 0; c < prototypes.size(); ++c) {
    for (std::size_t i = 0; i < labels.size(); ++i)
      for (std::size_t f = 0; f < features[0].size(); ++f) prototypes[c][f] += labels[i][c] * features[i][f];
    normalise(prototypes[c]);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    normalise(features[i]);
    for (std::size_t c = 0; c < prototypes.size(); ++c) {
      double d = 0;
      for (std::size_t f = 0; f < features[i].size(); ++f) d += std::pow(features[i][f] - prototypes[c][f], 2);
      labels[i][c] = -4 * d;
    }
    softmax(labels[i]);
  }
}

double entropy(const std::vector<double>& p) {
  double sum = 0;
  for (const double x : p) sum -= x * std::log(x + 1e-8);
  return sum / double(p.size());
}

Rows taught_plainly(const MrTf& by, const std::vector<Teacher>& teachers, std::size_t n, const Predictions& mean) {
  const bool logits = by.mode.ends_with("Logi"), weighted = by.mode.starts_with("Wei") || by.mode == "ALL";
  std::vector<Rows> f, p;
  for (const Teacher& teacher : teachers) {
    f.push_back(rows_of(teacher.seen.logits, n));
    rectify_plainly(f.back());
    p.push_back(f.back());
    for (auto& row : p.back()) softmax(row);
  }
  Rows a(n, std::vector<double>(teachers.size(), 1.0));
  for (std::size_t i = 0; i < n && weighted; ++i) {
    for (std::size_t t = 0; t < teachers.size(); ++t) a[i][t] = -entropy(p[t][i]) / by.temperature;
    softmax(a[i]);
  }
  Rows q(n, std::vector<double>(f[0][0].size()));
  for (std::size_t t = 0; t < teachers.size(); ++t) {
    if (by.mode == "AvgRef") refine_plainly(p[t], rows_of(teachers[t].seen.features, n));
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < q[i].size(); ++c) q[i][c] += teachers[t].weight * a[i][t] * (logits ? f : p)[t][i][c];
  }
  for (std::size_t i = 0; i < n && logits; ++i) softmax(q[i]);
  if (by.mode == "GloRef" || by.mode == "ALL") refine_plainly(q, rows_of(mean.features, n));
  return q;
}

/// P of the server's memory.
Rows labels_in(const std::vector<float>& memory, const FederationCase& setting) {
  const auto n = static_cast<std::size_t>(setting.data.size()), c = static_cast<std::size_t>(setting.data.classes());
  return rows_of({memory.begin(), memory.begin() + static_cast<std::ptrdiff_t>(n * c)}, n);
}

class MrTfMode : public ::testing::TestWithParam<std::tuple<const char*, bool, bool>> {};

TEST_P(MrTfMode, IsThatOfThePlainFormulaAndStabilisedOverRounds) {
  MrTf by = mrtf(std::get<0>(GetParam()));
  by.add_glo = std::get<1>(GetParam()), by.glo_w = std::get<2>(GetParam());
  by.temperature = 0.05;
  const FederationCase setting = case_of(by);
  const auto n = static_cast<std::size_t>(setting.data.size());
  Stream stream;
  Predictor predictor(stream, setting.network);
  const auto predict = [&](const std::vector<float>& model) {
    Predictions seen;
    predictor.run(stream, to_device(stream, model, {1, std::ssize(model)}), setting.data, true, seen);
    return seen;
  };

  test::Rounds rounds(setting);
  std::vector<float> received = rounds.global(), losses;
  Rows P;
  for (int round = 0; round < 3; ++round) {
    const double w_g = weight_of_global(losses, setting.data.classes());
    const auto models = rounds.next({1, 4, 7});
    const double common = !by.add_glo ? 0 : by.glo_w ? w_g : 2.0 / 5;
    std::vector<Teacher> teachers;
    for (const auto& [id, model] : models) teachers.push_back({predict(model), (1 - common) / 3});
    if (by.add_glo)
      for (const auto& model : {received, rounds.global()}) teachers.push_back({predict(model), common / 2});
    received = rounds.global();
    const Rows q = taught_plainly(by, teachers, n, predict(received)),
               stored = labels_in(rounds.server_memory(), setting);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < q[i].size(); ++c) {
        const double expected = P.empty() ? q[i][c] : (1 - w_g) * q[i][c] + w_g * P[i][c];
        EXPECT_NEAR(stored[i][c], expected, 1e-5);  // of labels from logits of order 1 in float
      }
    P = stored;
    EXPECT_EQ(rounds.report().figures[3].value, w_g);
    losses.push_back(static_cast<float>(rounds.report().train_loss));
  }
  EXPECT_GT(weight_of_global(losses, setting.data.classes()), 0.1);
}

INSTANTIATE_TEST_SUITE_P(All, MrTfMode,
                         ::testing::Values(std::tuple{"AvgLogi", true, true}, std::tuple{"AvgProb", true, true},
                                           std::tuple{"WeiLogi", true, true}, std::tuple{"WeiProb", true, true},
                                           std::tuple{"AvgRef", true, true}, std::tuple{"GloRef", true, true},
                                           std::tuple{"ALL", true, true}, std::tuple{"ALL", true, false},
                                           std::tuple{"ALL", false, true}, std::tuple{"WeiProb", false, false}));

class TeacherWeights : public ::testing::TestWithParam<std::pair<bool, bool>> {};

TEST_P(TeacherWeights, SumTo1) {
  MrTf by = mrtf("AvgProb");  // whose labels sum to what the weights sum to
  std::tie(by.add_glo, by.glo_w) = GetParam();
  const FederationCase setting = case_of(by);
  test::Rounds rounds(setting);
  for (int round = 0; round < 3; ++round) {
    rounds.next({0, 2, 3, 8});
    for (const auto& row : labels_in(rounds.server_memory(), setting))
      EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Switches, TeacherWeights,
                         ::testing::Values(std::pair{true, true}, std::pair{true, false}, std::pair{false, true},
                                           std::pair{false, false}));

TEST(MrTf, WeightOfGlobalTeachersGrowsAsLossesFallWithin0And3Quarters) {
  EXPECT_EQ(weight_of_global({}, 10), 0);
  double last = 1;
  for (const float loss : {-1.0f, 0.0f, 0.1f, 0.5f, 1.0f, 2.0f, 2.3f, 5.0f}) {
    const double w = weight_of_global(std::vector<float>{loss}, 10);
    EXPECT_LE(w, last) << loss;
    EXPECT_TRUE(w >= 0 && w <= 0.75) << w;
    last = w;
  }
  EXPECT_EQ(weight_of_global(std::vector<float>{-1}, 10), 0.75);
  EXPECT_EQ(weight_of_global(std::vector<float>{5}, 10), 0);
  EXPECT_NEAR(weight_of_global(std::vector<float>{1, 0}, 2), 0.75 * (1 - 0.5 / std::log(2)), 1e-15);
}

TEST(MrTf, ThatIsNotFedBackIsFedAvg) {
  EXPECT_EQ(test::trained(case_of(mrtf())), test::trained(FederationCase()));
  MrTf fed_back = mrtf();
  fed_back.refinement.feed_back = true;
  EXPECT_NE(test::trained(case_of(fed_back)), test::trained(FederationCase()));
}

TEST(MrTf, RefinesAfterEveryOtherRoundIfToldSo) {
  MrTf by = mrtf();
  by.refinement.every = 2;
  const FederationCase setting = case_of(by);
  test::Rounds rounds(setting);
  rounds.next({0, 1});
  for (const Figure& figure : rounds.report().figures) EXPECT_TRUE(std::isnan(figure.value)) << figure.name;
  const std::vector<float> nothing = rounds.server_memory();
  EXPECT_EQ(nothing, std::vector<float>(nothing.size()));
  rounds.next({0, 1});
  for (const Figure& figure : rounds.report().figures) EXPECT_FALSE(std::isnan(figure.value)) << figure.name;
  EXPECT_EQ(rounds.server_memory().back(), 1);
}

TEST(MrTf, RemembersTheLast5Losses) {
  const FederationCase setting = case_of(mrtf("AvgProb"));
  test::Rounds rounds(setting);
  std::vector<float> losses;
  for (int round = 0; round < 7; ++round) {
    rounds.next({0, 5});
    losses.push_back(static_cast<float>(rounds.report().train_loss));
  }
  const std::vector<float> memory = rounds.server_memory();
  EXPECT_EQ(std::vector<float>(memory.end() - 6, memory.end() - 1), std::vector<float>(losses.end() - 5, losses.end()));
  EXPECT_EQ(memory.back(), 5);
}

TEST(MrTf, SeesLabelsOfTheServerDataInItsFiguresAlone) {
  MrTf by = mrtf();
  by.refinement.feed_back = true;
  const FederationCase setting = case_of(by);
  const auto run_with = [&](const Dataset& server_data) {
    Federation federation = setting.federation();
    Federation other{federation.network, federation.algorithm, federation.penalties, federation.train,
                     federation.clients, federation.local,     &server_data,         federation.seed};
    Workers workers({}, 1);
    const auto comm = test::alone();
    Server server = initial_server(workers.stream(), other, setting.initial());
    Engine engine(workers, *comm, other);
    const auto memory = make_memory_in_ram();
    const RoundReport report = engine.round({{0, 1, 2}, {1, 1, 1}}, server, *memory);
    return std::tuple{to_host(workers.stream(), server.global.view()), to_host(workers.stream(), server.memory.view()),
                      report.figures[0].value};
  };
  std::vector<std::int32_t> labels(setting.data.labels().begin(), setting.data.labels().end());
  for (std::int32_t& label : labels) label = (label + 1) % setting.data.classes();
  const std::shared_ptr<const void> samples(std::shared_ptr<const void>(), setting.data.samples());
  const Dataset other("other labels", setting.data.shape(), setting.data.classes(), setting.data.type(), samples,
                      labels);
  const auto [global, memory, accuracy] = run_with(setting.data);
  const auto [same_global, same_memory, another] = run_with(other);
  EXPECT_EQ(global, same_global);
  EXPECT_EQ(memory, same_memory);
  EXPECT_NE(accuracy, another);
}

TEST(MrTf, NoiseOnUploadsHasItsDeviationInTheMean) {
  MrTf noisy = mrtf();
  noisy.dp_sigma = 0.5;
  const std::vector<float> with = test::trained(case_of(noisy, true), 1),
                           without = test::trained(FederationCase(9, true), 1);
  double squares = 0;
  for (std::size_t i = 0; i < with.size(); ++i) squares += std::pow(double(with[i]) - double(without[i]), 2);
  const double n = static_cast<double>(with.size()), variance = 0.25 / 5;  // of 5 clients
  EXPECT_NEAR(squares / n, variance, 4 * variance * std::sqrt(2 / n));     // 4 deviations of such a mean
}

TEST(MrTf, NamesTheClientWhoseModelSaysNothing) {
  MrTf noisy = mrtf();
  noisy.dp_sigma = 0.5;  // variances of batch norm become negative
  const std::string message = test::message_of([&] { test::trained(case_of(noisy), 1); });
  EXPECT_EQ(message.find("what the model of client "), 0u) << message;
  EXPECT_NE(message.find("makes of the server data is not finite"), std::string::npos) << message;
}

TEST(MrTf, RefusesWhatMakesNoSense) {
  MrTf by = mrtf("AvgLog");
  EXPECT_EQ(test::refusal_of(by), "mode of MrTF is 'AvgLog'; did you mean 'AvgLogi'?");
  by = mrtf(), by.dp_sigma = -1;
  EXPECT_EQ(test::refusal_of(by), "dp_sigma of MrTF is -1; it must be 0 or more");
  by = mrtf(), by.temperature = 0;
  EXPECT_EQ(test::refusal_of(by), "temperature of MrTF is 0; it must be above 0");
  by = mrtf(), by.deviation_batch = -1;
  EXPECT_EQ(test::refusal_of(by), "deviation_batch of MrTF is -1; it must be 0 or more");
  by = mrtf(), by.refinement.every = 0;
  EXPECT_EQ(test::refusal_of(by), "every of MrTF is 0; it must be at least 1");
  by = mrtf(), by.temperature = 0.01;
  EXPECT_EQ(test::message_of([&] { test::Rounds rounds(case_of(by)); }),
            "temperature of MrTF is 0.01; with 4 classes it must be at least 0.029");
}

}  // namespace
}  // namespace fedscape
