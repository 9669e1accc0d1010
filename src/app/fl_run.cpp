#include "fedscape/base/log.hpp"
#include "src/app/commands.hpp"
#include "src/app/fl_training.hpp"

namespace fedscape {

namespace {

class FlRun : public Command {
 public:
  void options(OptionTable& table) override { options_.list(table); }
  void check(OptionTable& table) override { options_.check(table); }
  int run(Communicator& world, const OptionTable& table) override;

 private:
  FlOptions options_;
};

int FlRun::run(Communicator& world, const OptionTable& table) {
  log_info("fl run on {} rank(s):\n{}", world.size(), table.text());

  // 1. This rank's part of the machine, and the data.
  FlSession session(world, options_);

  // 2. Who owns which samples; what is trained, from where, and how.
  FlTraining training(session, options_, options_.info(table));
  if (options_.dry_run) return training.estimate(), 0;

  // 3. Rounds, from where the run file stands.
  const bool finished = training.train();
  if (const std::optional<ProfileTable> profile = session.profiling.finish()) {
    training.save_profile(*profile);
    log_info("{}", profile_text(*profile));
  }
  return finished ? 0 : kExitStopped;
}

}  // namespace

std::unique_ptr<Command> make_fl_run() { return std::make_unique<FlRun>(); }

}  // namespace fedscape
