/// \file
/// Significance against exposure with its 68 and 95 % bands, from the toys that `renp-sim toys` wrote.
///
///     root -l -b -q 'toy_exposure.C("toys.root")'
///
/// Delta T = 2 (nll of the alternative - nll of the truth) of each toy. The p-value of one under the truth is the share of
/// the alternative that has its Delta T or more, ties included, one-sided: each toy of both hypotheses has a
/// weight of 1/(1 + exp(log_ratio)) there. Files may be parts of one campaign.
#include "renp_ntuple.h"
#include "renp_style.h"

#include <TGraph.h>
#include <TGraphAsymmErrors.h>
#include <TH1.h>
#include <TLegend.h>
#include <TMath.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <unordered_map>
#include <vector>

namespace renp {

constexpr int kTruth = 0, kAlternative = 1;
constexpr double kImpossible = 1e30; ///< in the place of an infinite -2lnL, of which there are no differences
constexpr double kTie = 1e-6;        ///< statistics that differ by less, relative to 1 + theirs, are the same
constexpr double kMostSigma = 8;     ///< a significance of so much is that or more

/// A toy: its Delta T, and its weight under the alternative.
struct Toy {
   double statistic, weight;
};

/// Toys of one exposure, by the hypothesis that they were drawn under.
struct Exposure {
   std::array<std::vector<Toy>, 2> toys;

   /// The significance of each toy under the truth, rising.
   std::vector<double> significances() const
   {
      std::vector<Toy> all = toys[kAlternative];
      all.insert(all.end(), toys[kTruth].begin(), toys[kTruth].end());
      const auto lower = [](const Toy &toy, const Toy &other) { return toy.statistic < other.statistic; };
      std::stable_sort(all.begin(), all.end(), lower);
      std::vector<double> from_here(all.size() + 1, 0.);
      for (std::size_t i = all.size(); i-- > 0;)
         from_here[i] = from_here[i + 1] + all[i].weight;
      const double least_p = 0.5 * std::erfc(kMostSigma / std::sqrt(2.));
      // where one toy is missing from all
      const double most_p = std::max(1 - 1. / toys[kTruth].size(), 0.5);
      std::vector<double> out;
      for (const Toy &toy : toys[kTruth]) {
         const Toy least{toy.statistic - kTie * (1 + std::abs(toy.statistic)), 0};
         const auto place = std::lower_bound(all.begin(), all.end(), least, lower) - all.begin();
         const double p = from_here[place] / from_here[0];
         out.push_back(-TMath::NormQuantile(std::clamp(p, least_p, most_p)));
      }
      std::sort(out.begin(), out.end());
      return out;
   }
};

/// The value below which so many of the toys are; sigma is that of a Gaussian.
inline double quantile(const std::vector<double> &rising, double sigma)
{
   const double share = 0.5 * std::erfc(-sigma / std::sqrt(2.));
   const auto place = static_cast<long>(std::ceil(share * rising.size())) - 1;
   return rising[std::clamp(place, 0L, static_cast<long>(rising.size()) - 1)];
}

/// What `renp-sim toys` wrote, one or several parts of a campaign.
class ToyFiles : public Files {
public:
   TChain runs{"runs"}, toys{"toys"};
   std::map<double, Exposure> exposures; ///< by the factor on all durations

   /// Read all toys; false, with a line on stderr, if they do not belong together or have no alternative.
   bool open(const char *inputs)
   {
      const std::vector<std::string> branches = {"toy", "hypothesis", "fitted", "exposure_factor", "nll", "log_ratio"};
      if (!chain(inputs, {{&runs, Runs().reader.branches}, {&toys, branches}}, "renp-sim toys"))
         return false;
      for (const auto &file : files)
         std::printf("read %s\n", file.c_str());
      Runs run{&runs};
      run.Next();
      const Long64_t number = *run.run;
      std::printf("  run %lld: %lld fits of toys\n", number, toys.GetEntries());
      while (run.Next())
         if (*run.run != number)
            return fail(Form("run %lld", *run.run), "is another run file's: give parts of one campaign");
      return read();
   }

private:
   bool read()
   {
      constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
      struct Row {
         std::array<double, 2> q; // by the hypothesis that was fitted
         double log_ratio;
      };
      std::map<double, std::array<std::unordered_map<Long64_t, Row>, 2>> found; // by exposure, hypothesis and toy
      Reader reader{&toys};
      Value<Long64_t> toy{reader, "toy"};
      Value<Char_t> hypothesis{reader, "hypothesis"}, fitted{reader, "fitted"};
      Value<Double_t> factor{reader, "exposure_factor"}, nll{reader, "nll"}, log_ratio{reader, "log_ratio"};
      while (reader.Next()) {
         auto &row = found[*factor][*hypothesis].try_emplace(*toy, Row{{unknown, unknown}, *log_ratio}).first->second;
         if (!std::isnan(row.q[*fitted]))
            return fail(Form("toy %lld", *toy), "is there twice: leave one of the files out");
         row.q[*fitted] = std::min(2 * *nll, kImpossible);
      }
      for (const auto &[where, both] : found) {
         auto &exposure = exposures[where];
         for (const int drawn : {kTruth, kAlternative}) {
            auto &toys_drawn = exposure.toys[drawn];
            for (const auto &[number, row] : both[drawn])
               toys_drawn.push_back({row.q[kAlternative] - row.q[kTruth], 1 / (1 + std::exp(row.log_ratio))});
            const auto is_half = [](const Toy &one) { return std::isnan(one.statistic) || std::isnan(one.weight); };
            if (toys_drawn.empty() || std::any_of(toys_drawn.begin(), toys_drawn.end(), is_half))
               return fail("toys", "are not of both hypotheses: make them with --question and --hypothesis both");
         }
      }
      return true;
   }
};

/// A band of significance, from -sigma to +sigma around the median.
inline TGraphAsymmErrors *band(const std::map<double, std::vector<double>> &significances, double sigma, Color_t fill)
{
   auto *graph = new TGraphAsymmErrors;
   for (const auto &[factor, z] : significances) {
      const double median = quantile(z, 0);
      graph->AddPoint(factor, median);
      const int last = graph->GetN() - 1;
      graph->SetPointError(last, 0, 0, median - quantile(z, -sigma), quantile(z, sigma) - median);
   }
   graph->SetFillColor(fill);
   graph->SetLineColor(colour(0));
   graph->SetLineWidth(2);
   return graph;
}

} // namespace renp

int toy_exposure(const char *inputs, const char *stem = "toy_exposure")
{
   renp::ToyFiles files;
   if (!files.open(inputs))
      return 1;
   std::map<double, std::vector<double>> significances;
   std::printf("  factor  toys  significance at -2, -1, 0, 1, 2 sigma\n");
   for (const auto &[factor, exposure] : files.exposures) {
      const auto &z = significances[factor] = exposure.significances();
      std::printf("  %.9g  %zu", factor, z.size());
      for (const double sigma : {-2, -1, 0, 1, 2})
         std::printf("  %.9f", renp::quantile(z, sigma));
      std::printf("\n");
   }

   TCanvas *canvas = renp::new_canvas("toy_exposure", 1);
   TVirtualPad *pad = canvas->cd(1);
   auto *wide = renp::band(significances, 2, TColor::GetColor("#cfe3f1"));
   auto *narrow = renp::band(significances, 1, TColor::GetColor("#8fc1e3"));
   const double first = significances.begin()->first, last = significances.rbegin()->first;
   const double low = first == last ? 0.5 * first : first, high = first == last ? 1.5 * last : last;
   double top = 0;
   for (int i = 0; i < wide->GetN(); ++i)
      top = std::max(top, wide->GetPointY(i) + wide->GetErrorYhigh(i));
   const double bottom = std::min(0., wide->GetPointY(0) - wide->GetErrorYlow(0));
   TH1 *frame = pad->DrawFrame(low, bottom, high, renp::top_of_axis(bottom, top, 3));
   frame->GetXaxis()->SetTitle("exposure / that of the run file");
   frame->GetYaxis()->SetTitle("one-sided significance  [#sigma]");
   pad->SetLogx(high > 20 * low);
   for (auto *graph : {wide, narrow})
      graph->Draw(first == last ? "P" : "3");
   narrow->SetMarkerStyle(kFullCircle);
   narrow->SetMarkerColor(renp::colour(0));
   narrow->DrawClone("PLX");
   auto *legend = renp::legend_on_top(3, 0.65);
   legend->AddEntry(narrow, "median", "lp");
   legend->AddEntry(narrow, "68 % of experiments", "f");
   legend->AddEntry(wide, "95 %", "f");
   legend->Draw();
   gPad->RedrawAxis();
   renp::label_pad("renp-sim");
   return renp::save(canvas, stem) ? 0 : 1;
}
