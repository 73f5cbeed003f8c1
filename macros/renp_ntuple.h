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
/// file only where its value is asked for. The JSON branches of `runs` are left to Python.
#ifndef RENP_NTUPLE_H
#define RENP_NTUPLE_H

#include <TChain.h>
#include <TFile.h>
#include <TKey.h>
#include <TObjArray.h>
#include <TString.h>
#include <TSystem.h>
#include <TTreeReader.h>
#include <TTreeReaderValue.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
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

template <class T>
using Value = TTreeReaderValue<T>;

/// One row per run. Truth is NaN, 0 or -1 in a blind run.
struct Runs {
   TTreeReader reader;
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

   explicit Runs(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// One row per run and laser step, also for a step without events.
struct Steps {
   TTreeReader reader;
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

   explicit Steps(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// One row per run, step and background component.
struct Backgrounds {
   TTreeReader reader;
   Value<Long64_t> run{reader, "run"};
   Value<Int_t> step{reader, "step"};
   Value<Short_t> component{reader, "component"};
   Value<Double_t> expected_rate_hz{reader, "expected_rate_hz"}, rate_error_hz{reader, "rate_error_hz"};
   Value<Bool_t> present{reader, "present"};
   Value<Double_t> mu{reader, "mu"};

   explicit Backgrounds(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// One row per recorded photon in time order; also lost ones (`recorded` false) if they were kept.
struct Events {
   TTreeReader reader;
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

   explicit Events(TTree *tree) : reader(tree) {}
   bool Next() { return reader.Next(); }
};

/// Files of one schema that have some trees, each chained over them.
class Files {
public:
   std::vector<std::string> files;

protected:
   /// Chain the trees of a file, of a wildcard, or of several separated by commas.
   /// False, with a line on stderr, if one is missing, torn, foreign or was never finished.
   bool chain(const char *inputs, const std::vector<TChain *> &trees, const char *maker)
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
         for (TChain *tree : trees)
            tree->AddFile(file.c_str());
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

   static std::string fault_of(const char *path, const std::vector<TChain *> &trees, const char *maker)
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

   static std::string schema_fault(TFile &file, const std::vector<TChain *> &trees, const char *maker)
   {
      for (const TChain *chain : trees) {
         const TKey *key = file.GetKey(chain->GetName());
         if (!key || std::string(key->GetClassName()) != "TTree")
            return std::string("has no TTree `") + chain->GetName() + "`: give a file that `" + maker + "` wrote";
      }
      auto *tree = file.Get<TTree>("runs");
      if (tree->GetEntries() == 0)
         return "`runs` has no row, so it was never finished: generate it again";
      if (!tree->GetBranch("schema_major"))
         return std::string("has no schema version: give a file that `") + maker + "` wrote";
      TTreeReader reader(tree);
      Value<Int_t> major(reader, "schema_major");
      while (reader.Next())
         if (*major != kSchemaMajor)
            return Form("has schema %d: these macros read schema %d.x", *major, kSchemaMajor);
      return "";
   }
};

/// What `renp-sim generate` wrote, one or several files of it.
class Ntuple : public Files {
public:
   TChain runs{"runs"}, steps{"steps"}, backgrounds{"backgrounds"}, events{"events"};

   /// Open a file, a wildcard, or several separated by commas, and print what is in them.
   /// False, with a line on stderr, if one is missing, torn, foreign, or a run is there twice.
   bool open(const char *inputs)
   {
      if (!attach(inputs))
         return false;
      report();
      return has_unique_runs();
   }

   /// The same for files that may be faulty inside: only what is needed to read them is checked.
   bool attach(const char *inputs)
   {
      return chain(inputs, {&runs, &steps, &backgrounds, &events}, "renp-sim generate");
   }

private:
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
            return fail(Form("run %lld", *run.run), "is there twice: leave one of the files out");
      return true;
   }
};

} // namespace renp

#endif // RENP_NTUPLE_H
