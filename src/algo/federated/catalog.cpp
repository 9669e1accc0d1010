#include "fedscape/algo/federated/catalog.hpp"

#include <array>
#include <vector>

#include "fedscape/algo/federated/apfl.hpp"
#include "fedscape/algo/federated/balanced_softmax.hpp"
#include "fedscape/algo/federated/ditto.hpp"
#include "fedscape/algo/federated/dittors.hpp"
#include "fedscape/algo/federated/fedavg.hpp"
#include "fedscape/algo/federated/fedavg_ft.hpp"
#include "fedscape/algo/federated/fedavg_sf.hpp"
#include "fedscape/algo/federated/fedaws.hpp"
#include "fedscape/algo/federated/fedbn.hpp"
#include "fedscape/algo/federated/feddf.hpp"
#include "fedscape/algo/federated/feddyn.hpp"
#include "fedscape/algo/federated/fedexp.hpp"
#include "fedscape/algo/federated/fedlc.hpp"
#include "fedscape/algo/federated/fedmmd.hpp"
#include "fedscape/algo/federated/fednova.hpp"
#include "fedscape/algo/federated/fedopt.hpp"
#include "fedscape/algo/federated/fedper.hpp"
#include "fedscape/algo/federated/fedphp.hpp"
#include "fedscape/algo/federated/fedproto.hpp"
#include "fedscape/algo/federated/fedprox.hpp"
#include "fedscape/algo/federated/fedrep.hpp"
#include "fedscape/algo/federated/fedrod.hpp"
#include "fedscape/algo/federated/fedrs.hpp"
#include "fedscape/algo/federated/fedsam.hpp"
#include "fedscape/algo/federated/lg_fedavg.hpp"
#include "fedscape/algo/federated/map.hpp"
#include "fedscape/algo/federated/moon.hpp"
#include "fedscape/algo/federated/mrtf.hpp"
#include "fedscape/algo/federated/perfedavg.hpp"
#include "fedscape/algo/federated/pfedme.hpp"
#include "fedscape/algo/federated/scaffold.hpp"
#include "fedscape/algo/federated/scaffoldrs.hpp"
#include "fedscape/algo/federated/sign_alignment.hpp"
#include "fedscape/algo/federated/wsa.hpp"
#include "fedscape/base/suggest.hpp"

namespace fedscape {

namespace {

template <class Interface, class T>
std::unique_ptr<Interface> make() {
  return std::make_unique<T>();
}

constexpr std::array kAlgorithms = {
    AlgorithmEntry{"apfl", "Deng et al., 2020", make<FederatedAlgorithm, Apfl>},
    AlgorithmEntry{"balanced-softmax", "Ren et al., NeurIPS 2020", make<FederatedAlgorithm, BalancedSoftmax>},
    AlgorithmEntry{"ditto", "Li et al., ICML 2021", make<FederatedAlgorithm, Ditto>},
    AlgorithmEntry{"dittors", "MAP release: Li et al., TKDE 2024", make<FederatedAlgorithm, DittoRs>},
    AlgorithmEntry{"fedavg", "McMahan et al., AISTATS 2017", make<FederatedAlgorithm, FedAvg>},
    AlgorithmEntry{"fedavg-ft", "Wang et al., 2019", make<FederatedAlgorithm, FedAvgFt>},
    AlgorithmEntry{"fedavg-sf", "shuffled training: Li et al., CVPR 2022", make<FederatedAlgorithm, FedAvgSf>},
    AlgorithmEntry{"fedaws", "Yu et al., ICML 2020", make<FederatedAlgorithm, FedAws>},
    AlgorithmEntry{"fedbn", "Li et al., ICLR 2021", make<FederatedAlgorithm, FedBn>},
    AlgorithmEntry{"feddf", "Lin et al., NeurIPS 2020", make<FederatedAlgorithm, FedDf>},
    AlgorithmEntry{"feddyn", "Acar et al., ICLR 2021", make<FederatedAlgorithm, FedDyn>},
    AlgorithmEntry{"fedexp", "Jhunjhunwala et al., ICLR 2023", make<FederatedAlgorithm, FedExp>},
    AlgorithmEntry{"fedlc", "Zhang et al., ICML 2022", make<FederatedAlgorithm, FedLc>},
    AlgorithmEntry{"fedmmd", "Yao et al., VCIP 2018", make<FederatedAlgorithm, FedMmd>},
    AlgorithmEntry{"fednova", "Wang et al., NeurIPS 2020", make<FederatedAlgorithm, FedNova>},
    AlgorithmEntry{"fedopt", "Reddi et al., ICLR 2021", make<FederatedAlgorithm, FedOpt>},
    AlgorithmEntry{"fedper", "Arivazhagan et al., 2019", make<FederatedAlgorithm, FedPer>},
    AlgorithmEntry{"fedphp", "Li et al., ECML-PKDD 2021", make<FederatedAlgorithm, FedPhp>},
    AlgorithmEntry{"fedproto", "Tan et al., AAAI 2022", make<FederatedAlgorithm, FedProto>},
    AlgorithmEntry{"fedrep", "Collins et al., ICML 2021", make<FederatedAlgorithm, FedRep>},
    AlgorithmEntry{"fedrod", "Chen and Chao, ICLR 2022", make<FederatedAlgorithm, FedRod>},
    AlgorithmEntry{"fedrs", "Li and Zhan, KDD 2021", make<FederatedAlgorithm, FedRs>},
    AlgorithmEntry{"fedsam", "Qu et al., ICML 2022", make<FederatedAlgorithm, FedSam>},
    AlgorithmEntry{"lg-fedavg", "Liang et al., 2020", make<FederatedAlgorithm, LgFedAvg>},
    AlgorithmEntry{"map", "Li et al., IEEE TKDE 2024", make<FederatedAlgorithm, Map>},
    AlgorithmEntry{"moon", "Li et al., CVPR 2021", make<FederatedAlgorithm, Moon>},
    AlgorithmEntry{"mrtf", "Li, Yang and Zhan, DMKD 2023", make<FederatedAlgorithm, MrTf>},
    AlgorithmEntry{"perfedavg", "Fallah et al., NeurIPS 2020", make<FederatedAlgorithm, PerFedAvg>},
    AlgorithmEntry{"pfedme", "Dinh et al., NeurIPS 2020", make<FederatedAlgorithm, PFedMe>},
    AlgorithmEntry{"scaffold", "Karimireddy et al., ICML 2020", make<FederatedAlgorithm, Scaffold>},
    AlgorithmEntry{"scaffoldrs", "Li and Zhan, KDD 2021", make<FederatedAlgorithm, ScaffoldRs>},
};

constexpr std::array kPenalties = {
    PenaltyEntry{"fedprox", "Li et al., MLSys 2020", make<Penalty, FedProx>},
    PenaltyEntry{"wsa", "Li et al., arXiv 2408.12237, ECAI 2024", make<Penalty, Wsa>},
    PenaltyEntry{"sign", "FedSign: Li et al., NeurIPS 2024", make<Penalty, SignAlignment>},
};

}  // namespace

std::span<const AlgorithmEntry> algorithms() { return kAlgorithms; }
std::span<const PenaltyEntry> penalties() { return kPenalties; }

std::unique_ptr<FederatedAlgorithm> make_algorithm(std::string_view name) {
  std::vector<std::string_view> names;
  for (const AlgorithmEntry& entry : kAlgorithms) {
    if (entry.name == name) return entry.make();
    names.push_back(entry.name);
  }
  fail(fmt::format("no algorithm '{}'{}", name, suggestion(name, names)));
}

}  // namespace fedscape
