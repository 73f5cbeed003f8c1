/// \file
/// Bookkeeping of a merged file: what `runs` promises against what `steps` and `events` hold.
///
///     hadd all.root run*.root && root -l -b -q 'merge_check.C("all.root")'
///
/// The exit code is 1 if anything is missing, there twice, or does not add up.
#include "renp_ntuple.h"
#include "renp_style.h"

#include <TGraph.h>
#include <TH1D.h>
#include <TLegend.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <utility>

namespace renp {

/// What one tree says of a run.
struct Tally {
   Long64_t rows = 0, events = 0, recorded = 0;
   double live_time_s = 0, wall_time_s = 0;
};

/// The books of all runs, and how many faults were found; each has a line on stderr.
struct Books {
   std::map<Long64_t, Tally> runs, steps, events;
   int n_faults = 0;

   void fault(Long64_t run, const char *what)
   {
      ++n_faults;
      std::fprintf(stderr, "merge_check: run %lld: %s\n", run, what);
   }

   void read(Ntuple &ntuple)
   {
      Runs run{&ntuple.runs};
      while (run.Next()) {
         auto &tally = runs[*run.run];
         if (++tally.rows > 1)
            fault(*run.run, "is there twice: its photons would count twice");
         tally = {tally.rows, *run.n_events, *run.n_recorded, *run.live_time_s, *run.wall_time_s};
      }
      std::map<std::pair<Long64_t, Int_t>, Long64_t> recorded_in_step;
      Steps step{&ntuple.steps};
      while (step.Next()) {
         auto &tally = steps[*step.run];
         ++tally.rows;
         tally.recorded += *step.n_recorded;
         tally.live_time_s += *step.live_time_s;
         // settling between steps is in the starts
         tally.wall_time_s = std::max(tally.wall_time_s, *step.start_s + *step.duration_s);
         if (!recorded_in_step.insert({{*step.run, *step.step}, *step.n_recorded}).second)
            fault(*step.run, Form("step %d is there twice", *step.step));
      }
      Events event{&ntuple.events};
      std::map<Long64_t, Long64_t> out_of_order;
      while (event.Next()) {
         auto &tally = events[*event.run];
         // rows of a run are numbered from 0 in time order, so this is also the test that keys are unique
         out_of_order[*event.run] += *event.event != tally.rows;
         ++tally.rows;
         tally.recorded += *event.recorded;
         if (*event.recorded)
            --recorded_in_step[{*event.run, *event.step}];
      }
      for (const auto &[number, n] : out_of_order)
         if (n > 0)
            fault(number, Form("%lld rows of events are missing, there twice or out of order", n));
      for (const auto &[key, left] : recorded_in_step)
         if (left != 0)
            fault(key.first, Form("step %d: steps and events differ by %lld recorded photons", key.second, left));
   }

   void compare()
   {
      std::set<Long64_t> numbers;
      for (const auto *tree : {&runs, &steps, &events})
         for (const auto &entry : *tree)
            numbers.insert(entry.first);
      for (const Long64_t number : numbers) {
         const Tally &promised = runs[number], &step = steps[number], &event = events[number];
         if (promised.rows == 0)
            fault(number, "has no row in runs");
         if (step.rows == 0)
            fault(number, "has no row in steps");
         if (promised.events != event.rows)
            fault(number, Form("runs has %lld events, events has %lld rows", promised.events, event.rows));
         if (promised.recorded != step.recorded || promised.recorded != event.recorded)
            fault(number, Form("recorded photons: runs %lld, steps %lld, events %lld", promised.recorded, step.recorded,
                               event.recorded));
         // a sum over steps depends on the order of its terms
         if (std::abs(promised.live_time_s - step.live_time_s) > 1e-9 * promised.live_time_s)
            fault(number, Form("live time: runs %.9g s, steps %.9g s", promised.live_time_s, step.live_time_s));
         if (std::abs(promised.wall_time_s - step.wall_time_s) > 1e-9 * promised.wall_time_s)
            fault(number, Form("wall time: runs %.9g s, steps %.9g s", promised.wall_time_s, step.wall_time_s));
      }
   }

   void compare_histogram(const Ntuple &ntuple)
   {
      double filled = 0;
      for (const auto &name : ntuple.files) {
         std::unique_ptr<TFile> file{TFile::Open(name.c_str())};
         const auto *histogram = file->Get<TH1D>("photon_energy");
         if (histogram)
            filled += histogram->Integral(0, histogram->GetNbinsX() + 1);
      }
      Long64_t recorded = 0;
      for (const auto &[number, tally] : events)
         recorded += tally.recorded;
      if (filled != recorded) {
         ++n_faults;
         std::fprintf(stderr, "merge_check: photon_energy has %.0f photons, events has %lld recorded ones\n", filled,
                      recorded);
      }
   }
};

/// Recorded photons and times of each run, as promised and as found.
inline void draw_pair(const char *title, const Books &books, double (*promised)(const Books &, Long64_t),
                      double (*found)(const Books &, Long64_t), const char *found_label)
{
   const int n = books.runs.size();
   auto *bars = new TH1D(title, "", n, 0.5, n + 0.5);
   bars->SetDirectory(nullptr);
   auto *points = new TGraph;
   double top = 0;
   int k = 1;
   for (const auto &[number, tally] : books.runs) {
      bars->SetBinContent(k, found(books, number));
      points->AddPoint(k, promised(books, number));
      top = std::max({top, found(books, number), promised(books, number)});
      ++k;
   }
   bars->SetFillColorAlpha(colour(0), 0.35);
   bars->SetLineColor(colour(0));
   bars->SetBarWidth(0.8f);
   bars->SetBarOffset(0.1f);
   bars->SetMinimum(0);
   bars->SetMaximum(top > 0 ? top_of_axis(0, top, 2) : 1);
   bars->GetXaxis()->SetTitle("run, in the order of its number");
   bars->GetXaxis()->SetNdivisions(n < 10 ? n : 510);
   bars->GetYaxis()->SetTitle(title);
   bars->GetYaxis()->SetMaxDigits(4);
   bars->Draw("bar");
   points->SetMarkerStyle(kOpenCircle);
   points->SetMarkerSize(1.3f);
   points->SetMarkerColor(colour(1));
   points->Draw("P");
   auto *legend = legend_on_top(2);
   legend->AddEntry(bars, found_label, "f");
   legend->AddEntry(points, "promised by runs", "p");
   legend->Draw();
   gPad->RedrawAxis();
}

} // namespace renp

int merge_check(const char *inputs, const char *stem = "merge_check")
{
   renp::Ntuple ntuple;
   if (!ntuple.attach(inputs, {ntuple.all_of_steps(), ntuple.all_of_events()}))
      return 1;
   for (const auto &file : ntuple.files)
      std::printf("read %s\n", file.c_str());
   renp::Books books;
   books.read(ntuple);
   books.compare();
   books.compare_histogram(ntuple);

   std::printf("  run  steps  events  recorded  live_time_s  wall_time_s\n");
   Long64_t events = 0, recorded = 0;
   double live_s = 0, wall_s = 0;
   for (const auto &[number, tally] : books.runs) {
      std::printf("  %lld  %lld  %lld  %lld  %.9g  %.9g\n", number, books.steps[number].rows, books.events[number].rows,
                  books.events[number].recorded, books.steps[number].live_time_s, books.steps[number].wall_time_s);
      events += books.events[number].rows;
      recorded += books.events[number].recorded;
      live_s += books.steps[number].live_time_s;
      wall_s += books.steps[number].wall_time_s;
   }
   std::printf("sum: %zu runs, %lld events, %lld recorded, %.9g s live, %.9g s wall\n", books.runs.size(), events,
               recorded, live_s, wall_s);
   std::printf("%s\n", books.n_faults == 0 ? "sound" : Form("%d faults", books.n_faults));

   TCanvas *canvas = renp::new_canvas("merge_check", 2);
   canvas->cd(1);
   renp::draw_pair("recorded photons", books, [](auto &b, Long64_t run) { return double(b.runs.at(run).recorded); },
                   [](auto &b, Long64_t run) { return double(b.events.at(run).recorded); }, "found in events");
   renp::label_pad("renp-sim");
   canvas->cd(2);
   renp::draw_pair("live time  [d]", books, [](auto &b, Long64_t run) { return b.runs.at(run).live_time_s / 86400; },
                   [](auto &b, Long64_t run) { return b.steps.at(run).live_time_s / 86400; }, "sum over steps");
   return renp::save(canvas, stem) && books.n_faults == 0 ? 0 : 1;
}
