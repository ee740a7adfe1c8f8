// Runs a bundle in Hermes with the generated JSI code and an event loop, as React Native does, and answers `host.ask` through
// its own standard output and input.
//
//   runner BUNDLE
//
// A bundle that calls `host.reload()` is evaluated again in a new runtime of the same process, as after a reload of the app.

#include <hermes/hermes.h>
#include <jsi/instrumentation.h>
#include <jsi/jsi.h>

#include <ReactCommon/CallInvoker.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>

#include "saathii.h"

namespace jsi = facebook::jsi;
namespace react = facebook::react;
using Clock = std::chrono::steady_clock;

/// The queue of the JavaScript thread. What arrives after its runtime has gone is dropped, as React Native drops it.
class Invoker : public react::CallInvoker {
public:
  using react::CallInvoker::invokeAsync;
  using react::CallInvoker::invokeSync;

  void invokeAsync(react::CallFunc &&work) noexcept override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!isOver_) {
      tasks_.push_back(std::move(work));
      arrived_.notify_one();
    }
  }

  void invokeSync(react::CallFunc &&) override {
    std::cerr << "invokeSync: nothing of ours asks for it\n";
    std::abort();
  }

  /// Waits for work until then, or for ever.
  std::optional<react::CallFunc> next(std::optional<Clock::time_point> until) {
    std::unique_lock<std::mutex> lock(mutex_);
    auto hasWork = [this] { return !tasks_.empty(); };
    if (until) {
      arrived_.wait_until(lock, *until, hasWork);
    } else {
      arrived_.wait(lock, hasWork);
    }
    if (tasks_.empty()) {
      return std::nullopt;
    }
    auto work = std::move(tasks_.front());
    tasks_.pop_front();
    return work;
  }

  void end() {
    std::lock_guard<std::mutex> lock(mutex_);
    isOver_ = true;
    tasks_.clear();
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<react::CallFunc> tasks_;
  bool isOver_ = false;
};

enum class Outcome { running, reload, passed, failed };

/// One runtime from its start to its end.
class Session {
public:
  Session(std::shared_ptr<std::string> kept, int generation)
      : kept_(std::move(kept)),
        runtime_(facebook::hermes::makeHermesRuntime(
            hermes::vm::RuntimeConfig::Builder().withMicrotaskQueue(true).withES6BlockScoping(true).build())),
        invoker_(std::make_shared<Invoker>()) {
    install(generation);
    saathii::installRustCrate(*runtime_, invoker_);
  }

  ~Session() {
    invoker_->end();
    timers_.clear();
    runtime_.reset();
  }

  Outcome run(const std::string &source, const std::string &name) {
    jsi::Runtime &rt = *runtime_;
    try {
      rt.evaluateJavaScript(std::make_shared<jsi::StringBuffer>(source), name);
      rt.drainMicrotasks();
      while (outcome_ == Outcome::running) {
        std::optional<Clock::time_point> until;
        if (!timers_.empty()) {
          until = timers_.begin()->first.first;
        }
        if (auto work = invoker_->next(until)) {
          (*work)(rt);
          rt.drainMicrotasks();
        }
        runDueTimers(rt);
      }
    } catch (const jsi::JSError &error) {
      std::cerr << error.getMessage() << '\n' << error.getStack() << std::endl;
      return Outcome::failed;
    } catch (const std::exception &error) {
      std::cerr << error.what() << std::endl;
      return Outcome::failed;
    }
    return outcome_;
  }

private:
  struct Timer {
    std::shared_ptr<jsi::Function> function;
    std::optional<std::chrono::milliseconds> every;
  };
  using TimerKey = std::pair<Clock::time_point, int>;

  void runDueTimers(jsi::Runtime &rt) {
    while (outcome_ == Outcome::running && !timers_.empty() && timers_.begin()->first.first <= Clock::now()) {
      auto [key, timer] = *timers_.begin();
      timers_.erase(timers_.begin());
      if (timer.every) {
        timers_.emplace(TimerKey{Clock::now() + *timer.every, key.second}, timer);
      }
      timer.function->call(rt);
      rt.drainMicrotasks();
    }
  }

  static void define(jsi::Runtime &rt, jsi::Object &object, const char *name, unsigned count, jsi::HostFunctionType body) {
    auto id = jsi::PropNameID::forAscii(rt, name);
    object.setProperty(rt, name, jsi::Function::createFromHostFunction(rt, id, count, std::move(body)));
  }

  jsi::Value startTimer(jsi::Runtime &rt, const jsi::Value *args, size_t count, bool repeats) {
    auto function = std::make_shared<jsi::Function>(args[0].asObject(rt).asFunction(rt));
    double delay = count > 1 && args[1].isNumber() ? std::max(0.0, args[1].getNumber()) : 0;
    std::chrono::milliseconds wait(static_cast<int64_t>(delay));
    int id = ++lastTimer_;
    timers_.emplace(TimerKey{Clock::now() + wait, id}, Timer{function, repeats ? std::optional(wait) : std::nullopt});
    return jsi::Value(id);
  }

  jsi::Value stopTimer(const jsi::Value *args, size_t count) {
    if (count > 0 && args[0].isNumber()) {
      int id = static_cast<int>(args[0].getNumber());
      for (auto timer = timers_.begin(); timer != timers_.end(); ++timer) {
        if (timer->first.second == id) {
          timers_.erase(timer);
          break;
        }
      }
    }
    return jsi::Value::undefined();
  }

  void install(int generation) {
    jsi::Runtime &rt = *runtime_;
    jsi::Object global = rt.global();
    for (bool repeats : {false, true}) {
      define(rt, global, repeats ? "setInterval" : "setTimeout", 2,
             [this, repeats](jsi::Runtime &rt, const jsi::Value &, const jsi::Value *args, size_t count) {
               return startTimer(rt, args, count, repeats);
             });
      define(rt, global, repeats ? "clearInterval" : "clearTimeout", 1,
             [this](jsi::Runtime &, const jsi::Value &, const jsi::Value *args, size_t count) {
               return stopTimer(args, count);
             });
    }

    jsi::Object host(rt);
    host.setProperty(rt, "generation", generation);
    define(rt, host, "log", 1, [](jsi::Runtime &rt, const jsi::Value &, const jsi::Value *args, size_t) {
      std::cout << args[0].toString(rt).utf8(rt) << std::endl;
      return jsi::Value::undefined();
    });
    define(rt, host, "exchange", 1, [](jsi::Runtime &rt, const jsi::Value &, const jsi::Value *args, size_t) {
      std::cout << '@' << args[0].asString(rt).utf8(rt) << std::endl;
      std::string line;
      if (!std::getline(std::cin, line)) {
        throw jsi::JSError(rt, "nobody answers");
      }
      return jsi::Value(rt, jsi::String::createFromUtf8(rt, line));
    });
    define(rt, host, "keep", 1, [this](jsi::Runtime &rt, const jsi::Value &, const jsi::Value *args, size_t) {
      *kept_ = args[0].asString(rt).utf8(rt);
      return jsi::Value::undefined();
    });
    define(rt, host, "kept", 0, [this](jsi::Runtime &rt, const jsi::Value &, const jsi::Value *, size_t) {
      return jsi::Value(rt, jsi::String::createFromUtf8(rt, *kept_));
    });
    define(rt, host, "usedBytes", 0, [](jsi::Runtime &rt, const jsi::Value &, const jsi::Value *, size_t) {
      rt.instrumentation().collectGarbage("the contract counts");
      return jsi::Value(static_cast<double>(rt.instrumentation().getHeapInfo(false).at("hermes_allocatedBytes")));
    });
    define(rt, host, "reload", 0, [this](jsi::Runtime &, const jsi::Value &, const jsi::Value *, size_t) {
      outcome_ = Outcome::reload;
      return jsi::Value::undefined();
    });
    define(rt, host, "exit", 1, [this](jsi::Runtime &, const jsi::Value &, const jsi::Value *args, size_t) {
      outcome_ = args[0].getNumber() == 0 ? Outcome::passed : Outcome::failed;
      return jsi::Value::undefined();
    });
    global.setProperty(rt, "host", host);
  }

  std::shared_ptr<std::string> kept_;
  std::unique_ptr<jsi::Runtime> runtime_;
  std::shared_ptr<Invoker> invoker_;
  std::map<TimerKey, Timer> timers_;
  int lastTimer_ = 0;
  Outcome outcome_ = Outcome::running;
};

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "runner BUNDLE" << std::endl;
    return 2;
  }
  std::ifstream file(argv[1]);
  std::stringstream source;
  source << file.rdbuf();
  if (!file) {
    std::cerr << argv[1] << ": cannot be read" << std::endl;
    return 2;
  }
  auto kept = std::make_shared<std::string>();
  for (int generation = 1;; ++generation) {
    Outcome outcome = Session(kept, generation).run(source.str(), argv[1]);
    if (outcome != Outcome::reload) {
      // Threads of the SDK may still wait for a runtime that has gone.
      std::cout.flush();
      std::_Exit(outcome == Outcome::passed ? 0 : 1);
    }
  }
}
