/// \file
/// Opens ntuples of renp-sim, checks their schema and gives typed access to their trees.
///
///     renp::Ntuple ntuple;
///     if (!ntuple.open("run1.root, other*.root")) return 1;   // says what is wrong
///     renp::Events event{&ntuple.events};
///     while (event.Next())
///        if (*event.recorded) histogram.Fill(*event.photon_energy_eV, *event.weight);
///
/// The trees are flat and have no class of their own, so no dictionary is needed. A branch is read from the
/// file only where its value is asked for, but it must be there. The JSON branches of `runs` are left to Python, but
/// for the few words of `config` that `Ntuple::configured` finds.
#ifndef RENP_NTUPLE_H
#define RENP_NTUPLE_H

#include <TChain.h>
#include <TFile.h>
#include <TKey.h>
#include <TObjArray.h>
#include <TString.h>
#include <TSystem.h>
#include <TTreeReader.h>
#include <TTreeReaderArray.h>
#include <TTreeReaderValue.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace renp {

constexpr int kSchemaMajor = 1;

enum Kind { kSignal = 0, kControl = 1, kDark = 2 };
enum Ordering { kHiddenOrdering = -1, kNormal = 0, kInverted = 1 };
enum Nature { kHiddenNature = -1, kDirac = 0, kMajorana = 1 };
enum Origin { kHiddenOrigin = -1, kSignalPhoton = 0, kDarkCount, kContinuum, kQed, kLeakage, kAfterpulse };

inline const char *name_of(Ordering ordering)
{
   return ordering == kNormal ? "normal" : ordering == kInverted ? "inverted" : "hidden";
}

inline const char *name_of(Nature nature)
{
   return nature == kDirac ? "dirac" : nature == kMajorana ? "majorana" : "hidden";
}

/// Reads a tree, and knows which of its branches are asked for.
struct Reader : TTreeReader {
   std::vector<std::string> branches;
   using TTreeReader::TTreeReader;
};

/// The value of a branch in the row where its reader is.
template <class T>
class Value {
public:
   Value(Reader &reader, const char *branch) : fValue(reader, branch) { reader.branches.push_back(branch); }
   T &operator*() { return *fValue; }

private:
   TTreeReaderValue<T> fValue;
};

/// One row per run. Truth is NaN, 0 or -1 in a blind run.
struct Runs {
   Reader reader;
   Value<Long64_t> run{reader, "run"};
   Value<Int_t> schema_major{reader, "schema_major"}, schema_minor{reader, "schema_minor"};
   Value<ULong64_t> seed{reader, "seed"};
   Value<Long64_t> n_events{reader, "n_events"}, n_recorded{reader, "n_recorded"};
   Value<Long64_t> n_generated{reader, "n_generated"};
   Value<Double_t> live_time_s{reader, "live_time_s"}, wall_time_s{reader, "wall_time_s"};
   Value<Bool_t> is_blind{reader, "is_blind"}, is_poisson{reader, "is_poisson"};
   Value<Double_t> e_eg_eV{reader, "e_eg_eV"}, e_vg_eV{reader, "e_vg_eV"};
   Value<Double_t> gamma_ref_hz{reader, "gamma_ref_hz"}, spin_f_l{reader, "spin_f_l"};
   Value<Char_t> ordering{reader, "ordering"}, nature{reader, "nature"};
   Value<Double_t> sin2_theta12{reader, "sin2_theta12"}, sin2_theta13{reader, "sin2_theta13"};
   Value<Double_t> dm2_21_eV2{reader, "dm2_21_eV2"}, dm2_3l_eV2{reader, "dm2_3l_eV2"};
   Value<Double_t> m1_eV{reader, "m1_eV"}, m2_eV{reader, "m2_eV"}, m3_eV{reader, "m3_eV"};

   Runs() = default;
   explicit Runs(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// One row per run and laser step, also for a step without events.
struct Steps {
   Reader reader;
   Value<Long64_t> run{reader, "run"};
   Value<Int_t> step{reader, "step"}, scan_pass{reader, "scan_pass"};
   Value<Char_t> kind{reader, "kind"};
   Value<Double_t> omega_set_eV{reader, "omega_set_eV"}, linewidth_eV{reader, "linewidth_eV"};
   Value<Double_t> omega_common_error_eV{reader, "omega_common_error_eV"};
   Value<Double_t> omega_step_error_eV{reader, "omega_step_error_eV"};
   Value<Double_t> omega_true_eV{reader, "omega_true_eV"};
   Value<Double_t> start_s{reader, "start_s"}, duration_s{reader, "duration_s"};
   Value<Double_t> live_time_s{reader, "live_time_s"};
   Value<Double_t> coherence{reader, "coherence"}, gamma0_hz{reader, "gamma0_hz"};
   Value<Double_t> efficiency{reader, "efficiency"};
   Value<Double_t> efficiency_common_error{reader, "efficiency_common_error"};
   Value<Double_t> efficiency_step_error{reader, "efficiency_step_error"};
   Value<Long64_t> n_recorded{reader, "n_recorded"}, n_generated{reader, "n_generated"};
   Value<Double_t> mu_signal{reader, "mu_signal"}, mu_background{reader, "mu_background"};

   Steps() = default;
   explicit Steps(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// One row per run, step and background component.
struct Backgrounds {
   Reader reader;
   Value<Long64_t> run{reader, "run"};
   Value<Int_t> step{reader, "step"};
   Value<Short_t> component{reader, "component"};
   Value<Double_t> expected_rate_hz{reader, "expected_rate_hz"}, rate_error_hz{reader, "rate_error_hz"};
   Value<Bool_t> present{reader, "present"};
   Value<Double_t> mu{reader, "mu"};

   Backgrounds() = default;
   explicit Backgrounds(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// One row per recorded photon in time order; also lost ones (`recorded` false) if they were kept.
struct Events {
   Reader reader;
   Value<Long64_t> run{reader, "run"}, event{reader, "event"};
   Value<Int_t> step{reader, "step"};
   Value<Double_t> time_s{reader, "time_s"};
   Value<Float_t> photon_energy_eV{reader, "photon_energy_eV"};
   Value<Short_t> channel{reader, "channel"};
   Value<Bool_t> recorded{reader, "recorded"};
   Value<Double_t> weight{reader, "weight"};
   Value<Char_t> origin{reader, "origin"}, nu_i{reader, "nu_i"}, nu_j{reader, "nu_j"};
   Value<Double_t> omega_emitted_eV{reader, "omega_emitted_eV"};
   Value<Double_t> emission_time_s{reader, "emission_time_s"};
   Value<Double_t> cos_theta_star{reader, "cos_theta_star"}, phi{reader, "phi"};
   Value<Double_t> nu_i_energy_eV{reader, "nu_i_energy_eV"}, nu_j_energy_eV{reader, "nu_j_energy_eV"};
   Value<Double_t> nu_i_px_eV{reader, "nu_i_px_eV"}, nu_i_py_eV{reader, "nu_i_py_eV"};
   Value<Double_t> nu_i_pz_eV{reader, "nu_i_pz_eV"};
   Value<Double_t> nu_j_px_eV{reader, "nu_j_px_eV"}, nu_j_py_eV{reader, "nu_j_py_eV"};
   Value<Double_t> nu_j_pz_eV{reader, "nu_j_pz_eV"};
   Value<Float_t> x_cm{reader, "x_cm"}, y_cm{reader, "y_cm"}, z_cm{reader, "z_cm"};

   Events() = default;
   explicit Events(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// Trees, and the branches of each that are going to be read.
using Needed = std::map<TChain *, std::vector<std::string>>;

/// The object that a key has in a text of JSON, as it stands there; empty if it has none.
inline std::string object_of(const std::string &json, const std::string &key)
{
   const auto start = json.find("\"" + key + "\": {");
   int depth = 0;
   for (auto i = start == std::string::npos ? json.size() : json.find('{', start); i < json.size(); ++i) {
      depth += (json[i] == '{') - (json[i] == '}');
      if (depth == 0)
         return json.substr(start, i + 1 - start);
   }
   return "";
}

/// The number that a key has in such an object; 0 if it has none.
inline double number_of(const std::string &object, const std::string &key)
{
   const std::string name = "\"" + key + "\": ";
   const auto start = object.find(name);
   return start == std::string::npos ? 0. : std::strtod(object.c_str() + start + name.size(), nullptr);
}

/// Numbers of runs in a row.
inline std::string list_of(const std::set<Long64_t> &runs)
{
   std::string out;
   for (const Long64_t run : runs)
      out += (out.empty() ? "" : ", ") + std::to_string(run);
   return out;
}

/// Files of one schema that have some trees, each chained over them.
class Files {
public:
   std::vector<std::string> files;

protected:
   /// Chain the trees of a file, of a wildcard, or of several separated by commas.
   /// False, with a line on stderr, if one is missing, torn, foreign or was never finished, or lacks a branch.
   bool chain(const char *inputs, const Needed &trees, const char *maker)
   {
      TString list = inputs, input;
      for (Ssiz_t from = 0; list.Tokenize(input, from, ",");) {
         input = input.Strip(TString::kBoth);
         if (!expand(input.Data()))
            return fail(input.Data(), "no such file: check the name, or the pattern");
      }
      if (files.empty())
         return fail("input", "no file was given: name at least one");
      for (const auto &file : files) {
         const std::string fault = fault_of(file.c_str(), trees, maker);
         if (!fault.empty())
            return fail(file.c_str(), fault.c_str());
         for (const auto &needed : trees)
            needed.first->AddFile(file.c_str());
      }
      return true;
   }

   static bool fail(const char *where, const char *what)
   {
      std::fprintf(stderr, "renp: %s: %s\n", where, what);
      return false;
   }

private:
   bool expand(const char *input)
   {
      // a file may have brackets in its name, so the name itself comes first
      if (!gSystem->AccessPathName(input)) {
         files.push_back(input);
         return true;
      }
      TChain matches("runs");
      if (!TString(input).MaybeWildcard() || matches.Add(input) == 0)
         return false;
      for (const TObject *element : *matches.GetListOfFiles())
         files.push_back(element->GetTitle());
      return true;
   }

   static std::string fault_of(const char *path, const Needed &trees, const char *maker)
   {
      const auto level = gErrorIgnoreLevel;
      gErrorIgnoreLevel = kFatal; // one clear line from us instead of several from ROOT
      std::unique_ptr<TFile> file{TFile::Open(path)};
      std::string fault;
      if (!file || file->IsZombie())
         fault = std::string("is not a ROOT file, or is torn: give a file that `") + maker + "` wrote";
      else if (file->TestBit(TFile::kRecovered))
         fault = "was not closed, so it may hold wrong values: generate it again";
      else
         fault = schema_fault(*file, trees, maker);
      gErrorIgnoreLevel = level;
      return fault;
   }

   static std::string schema_fault(TFile &file, const Needed &trees, const char *maker)
   {
      for (const auto &[chain, branches] : trees) {
         const TKey *key = file.GetKey(chain->GetName());
         if (!key || std::string(key->GetClassName()) != "TTree")
            return std::string("has no TTree `") + chain->GetName() + "`: give a file that `" + maker + "` wrote";
      }
      auto *tree = file.Get<TTree>("runs");
      if (tree->GetEntries() == 0)
         return "`runs` has no row, so it was never finished: generate it again";
      if (!tree->GetBranch("schema_major"))
         return std::string("has no schema version: give a file that `") + maker + "` wrote";
      Reader reader(tree);
      Value<Int_t> major(reader, "schema_major");
      while (reader.Next())
         if (*major != kSchemaMajor)
            return Form("has schema %d: these macros read schema %d.x", *major, kSchemaMajor);
      return missing_branches(file, trees);
   }

   static std::string missing_branches(TFile &file, const Needed &trees)
   {
      for (const auto &[chain, branches] : trees) {
         auto *tree = file.Get<TTree>(chain->GetName());
         std::string missing;
         for (const auto &branch : branches)
            if (!tree->GetBranch(branch.c_str()))
               missing += (missing.empty() ? "" : ", ") + branch;
         if (!missing.empty())
            return std::string("`") + chain->GetName() + "` lacks the branch " + missing +
                   ": keep it in the skim, or give the file that the skim was made from";
      }
      return "";
   }
};

/// What `renp-sim generate` wrote, one or several files of it.
class Ntuple : public Files {
public:
   TChain runs{"runs"}, steps{"steps"}, backgrounds{"backgrounds"}, events{"events"};

   /// All branches that the structs above read of a tree.
   Needed::value_type all_of_steps() { return {&steps, Steps().reader.branches}; }
   Needed::value_type all_of_backgrounds() { return {&backgrounds, Backgrounds().reader.branches}; }
   Needed::value_type all_of_events() { return {&events, Events().reader.branches}; }

   /// Open a file, a wildcard, or several separated by commas, and print what is in them.
   /// False, with a line on stderr, if one is missing, torn, foreign or lacks a branch, a run is there twice, or an
   /// event that will be read has no step.
   /// \param needed what will be read beside `runs`; a skim may lack the rest
   bool open(const char *inputs, const Needed &needed)
   {
      if (!attach(inputs, needed))
         return false;
      report();
      return has_unique_runs() && (needed.count(&events) == 0 || has_step_of_each_event());
   }
   bool open(const char *inputs) { return open(inputs, {all_of_steps(), all_of_backgrounds(), all_of_events()}); }

   /// The same for files that may be faulty inside: only what is needed to read them is checked.
   bool attach(const char *inputs, Needed needed)
   {
      needed[&runs] = Runs().reader.branches;
      needed[&runs].push_back("config");
      for (TChain *tree : {&steps, &backgrounds, &events}) // they must be there, even if nothing is read of them
         needed[tree];
      return chain(inputs, needed, "renp-sim generate");
   }

   /// Read one run only, where a number is given; false, with a line on stderr, if it is not there.
   bool choose(Long64_t number)
   {
      fChosen = number;
      Runs run{&runs};
      while (run.Next())
         if (is_chosen(*run.run))
            return true;
      return fail(Form("run %lld", number), "is not there: give one of the numbers above");
   }
   bool is_chosen(Long64_t run) const { return fChosen < 0 || run == fChosen; }

   /// The runs that hide their truth, of those that are read.
   std::set<Long64_t> blind_runs()
   {
      std::set<Long64_t> out;
      Runs run{&runs};
      while (run.Next())
         if (is_chosen(*run.run) && *run.is_blind)
            out.insert(*run.run);
      return out;
   }

   /// The same where truth is asked for, so that only the other runs can be used: a line says so.
   std::set<Long64_t> left_out_blind_runs()
   {
      const auto out = blind_runs();
      if (!out.empty())
         std::printf("run %s: blind, and left out: what is asked for is hidden\n", list_of(out).c_str());
      return out;
   }

   /// An object of the configuration of each run, by its key, as it stands in the JSON; empty if it has none.
   std::map<Long64_t, std::string> configured(const char *key)
   {
      std::map<Long64_t, std::string> out;
      Reader reader(&runs);
      Value<Long64_t> run(reader, "run");
      TTreeReaderArray<UChar_t> config(reader, "config");
      while (reader.Next())
         out[*run] = object_of({config.begin(), config.end()}, key);
      return out;
   }

private:
   Long64_t fChosen = -1; ///< negative: all of them

   void report()
   {
      for (const auto &file : files)
         std::printf("read %s\n", file.c_str());
      Runs run{&runs};
      while (run.Next())
         std::printf("  run %lld%s: %lld rows, %lld recorded photons, live time %.6g s, wall time %.6g s\n",
                     *run.run, *run.is_blind ? " (blind)" : "", *run.n_events, *run.n_recorded, *run.live_time_s,
                     *run.wall_time_s);
   }

   bool has_unique_runs()
   {
      std::set<Long64_t> seen;
      Runs run{&runs};
      while (run.Next())
         if (!seen.insert(*run.run).second)
            return fail(Form("run %lld", *run.run),
                        "is there twice: leave one of the files out, or merge again, each file once");
      return true;
   }

   bool has_step_of_each_event()
   {
      std::set<Long64_t> of_runs;
      Runs row{&runs};
      while (row.Next())
         of_runs.insert(*row.run);
      using Key = std::pair<Long64_t, Int_t>;
      const auto keys_of = [](TChain &tree, auto &&is_good) {
         Reader reader(&tree);
         Value<Long64_t> run(reader, "run");
         Value<Int_t> step(reader, "step");
         while (reader.Next())
            if (!is_good(Key(*run, *step)))
               return fail(Form("run %lld", *run),
                           Form("events of step %d have no row in `runs` or `steps`: keep these rows in the skim, "
                                "or give the file that it was made from",
                                *step));
         return true;
      };
      std::set<Key> known;
      keys_of(steps, [&](const Key &key) {
         if (of_runs.count(key.first))
            known.insert(key);
         return true;
      });
      return keys_of(events, [&](const Key &key) { return known.count(key) > 0; });
   }
};

} // namespace renp

#endif // RENP_NTUPLE_H
