/// \file
/// The picture of a spectrum: points with Poisson errors, the expectation, and the six thresholds.
#ifndef RENP_DRAW_H
#define RENP_DRAW_H

#include "renp_counts.h"
#include "renp_rate.h"
#include "renp_style.h"

#include <TAxis.h>
#include <TGraph.h>
#include <TGraphAsymmErrors.h>
#include <TH1F.h>
#include <TLegend.h>
#include <TLine.h>
#include <TPad.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace renp {

/// Draws into the current pad, and again into another where many points lie close together.
class SpectrumPicture {
public:
   /// Settings in rising order of frequency; without theory there is no curve and no threshold.
   SpectrumPicture(const std::vector<Counts> &settings, const std::optional<Spectrum> &theory, const Masses &masses)
      : fSettings(settings), fTheory(theory), fMasses(masses), fDense(dense_range())
   {
   }

   bool has_zoom() const { return fDense.high > fDense.low; }

   void draw_zoom() const
   {
      draw(fDense, 0);
      label_pad("where points are dense");
   }

   void draw_all(const char *theory_label) const
   {
      Range all{fSettings.front().omega_eV, fSettings.back().omega_eV};
      if (fTheory)
         for (int pair = 0; pair < 6; ++pair) {
            all.low = std::min(all.low, threshold(pair));
            all.high = std::max(all.high, threshold(pair));
         }
      const double room = all.high > all.low ? 0.05 * (all.high - all.low) : 1e-4;
      const int n_lines = fTheory ? 2 : 1;
      const auto [points, curve] = draw({all.low - room, all.high + room}, n_lines);
      label_pad("renp-sim");
      auto *legend = legend_on_top(n_lines);
      legend->AddEntry(points, "data, 68 % Poisson errors", "pe");
      if (fTheory)
         legend->AddEntry(curve, theory_label, "l");
      legend->Draw();
   }

private:
   struct Range {
      double low, high;
      bool has(double x) const { return low <= x && x <= high; }
   };

   std::vector<Counts> fSettings;
   std::optional<Spectrum> fTheory;
   Masses fMasses;
   Range fDense;

   double threshold(int pair) const
   {
      const auto [i, j] = kPairs[pair];
      return threshold_eV(fMasses[i] + fMasses[j], fTheory->atom().e_eg_eV);
   }

   /// The longest row of evenly close points, if it hides in the whole picture; else an empty range.
   Range dense_range() const
   {
      const size_t n = fSettings.size();
      size_t first = 0, best_first = 0, best_last = 0;
      double closest = INFINITY;
      for (size_t k = 1; k < n; ++k)
         closest = std::min(closest, fSettings[k].omega_eV - fSettings[k - 1].omega_eV);
      for (size_t k = 1; k < n; ++k) {
         if (fSettings[k].omega_eV - fSettings[k - 1].omega_eV > 2.5 * closest)
            first = k;
         if (k - first > best_last - best_first)
            best_first = first, best_last = k;
      }
      if (best_last - best_first < 8)
         return {0, 0};
      const double low = fSettings[best_first].omega_eV, high = fSettings[best_last].omega_eV;
      const double whole = fSettings.back().omega_eV - fSettings.front().omega_eV;
      return high - low < 0.25 * whole ? Range{low - closest, high + closest} : Range{0, 0};
   }

   /// Names of thresholds stand above all points, and a legend of so many lines above them.
   std::pair<TGraph *, TGraph *> draw(const Range &range, int n_lines) const
   {
      auto *points = new TGraphAsymmErrors;
      double top = 0, bottom = 0;
      for (const auto &s : fSettings) {
         if (!range.has(s.omega_eV))
            continue;
         points->AddPoint(s.omega_eV, s.spectrum());
         points->SetPointError(points->GetN() - 1, 0, 0, s.spectrum_error_down(), s.spectrum_error_up());
         top = std::max(top, s.spectrum() + s.spectrum_error_up());
         bottom = std::min(bottom, s.spectrum() - s.spectrum_error_down());
      }
      TGraph *curve = nullptr;
      if (fTheory) {
         curve = theory_curve(range);
         top = std::max(top, TMath::MaxElement(curve->GetN(), curve->GetY()));
      }
      bottom *= 1.1;
      const double end = top_of_axis(bottom, top, n_lines + (fTheory ? 1 : 0));
      auto *frame = gPad->DrawFrame(range.low, bottom, range.high, end);
      frame->GetXaxis()->SetTitle("trigger frequency #omega  [eV]");
      frame->GetYaxis()->SetTitle("spectrum #hat{I}(#omega)");
      frame->GetXaxis()->SetNdivisions(504);
      frame->GetXaxis()->SetDecimals();
      frame->GetYaxis()->SetDecimals();
      frame->GetYaxis()->SetMaxDigits(4);
      if (fTheory) {
         draw_thresholds(range, bottom, top, 0.03 * (end - bottom));
         curve->Draw("L");
      }
      points->SetMarkerStyle(kFullCircle);
      points->SetMarkerSize(fSettings.size() > 20 ? 0.6f : 1.f);
      points->SetLineWidth(fSettings.size() > 20 ? 1 : 2);
      points->Draw("P Z");
      gPad->RedrawAxis();
      return {points, curve};
   }

   TGraph *theory_curve(const Range &range) const
   {
      constexpr int kPoints = 1200;
      auto *curve = new TGraph;
      for (int k = 0; k <= kPoints; ++k) {
         const double omega = range.low + (range.high - range.low) * k / kPoints;
         curve->AddPoint(omega, (*fTheory)(omega, fSettings.front().sigma_eV, fMasses));
      }
      curve->SetLineColor(colour(0));
      curve->SetLineWidth(2);
      return curve;
   }

   /// Dashed lines up to so far below their names; names that would overlap share a place.
   void draw_thresholds(const Range &range, double bottom, double top, double gap) const
   {
      std::vector<std::pair<double, int>> sorted;
      for (int pair = 0; pair < 6; ++pair)
         if (range.has(threshold(pair)))
            sorted.push_back({threshold(pair), pair});
      std::sort(sorted.begin(), sorted.end());
      TLatex latex;
      latex.SetTextSize(0.038f);
      latex.SetTextAlign(21);
      latex.SetTextColor(colour(1));
      for (size_t k = 0; k < sorted.size();) {
         TString names;
         double sum = 0;
         const size_t first = k;
         for (; k < sorted.size() && sorted[k].first - sorted[first].first < 0.06 * (range.high - range.low); ++k) {
            auto *line = new TLine(sorted[k].first, bottom, sorted[k].first, top);
            line->SetLineStyle(kDashed);
            line->SetLineColor(colour(1));
            line->Draw();
            const auto [i, j] = kPairs[sorted[k].second];
            names += Form("%s%d%d", names.Length() ? "," : "", i + 1, j + 1);
            sum += sorted[k].first;
         }
         latex.DrawLatex(sum / (k - first), top + gap, "#omega_{" + names + "}");
      }
   }
};

} // namespace renp

#endif // RENP_DRAW_H
