/// \file
/// The neutrino pair from its four-momenta: energies, decay angle cos(theta*), invariant mass.
///
///     root -l -b -q 'neutrino_kinematics.C("fine.root")'
///
/// cos(theta*) and the invariant mass are computed from the momenta and compared with what they must be: the branch
/// cos_theta_star, and q^2 = E_eg (E_eg - 2 omega). The exit code is 1 if they differ.
#include "renp_ntuple.h"
#include "renp_style.h"

#include <Math/Boost.h>
#include <Math/Vector3D.h>
#include <Math/Vector4D.h>
#include <TH1D.h>
#include <THStack.h>
#include <TLegend.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace renp {

using FourMomentum = ROOT::Math::PxPyPzEVector;

/// Cosine of the angle between the first neutrino, in the pair's rest frame, and the pair's direction.
inline double cos_theta_star(const FourMomentum &nu_i, const FourMomentum &nu_j)
{
   const FourMomentum pair = nu_i + nu_j;
   const auto at_rest = ROOT::Math::Boost(pair.BoostToCM())(nu_i);
   return at_rest.Vect().Unit().Dot(pair.Vect().Unit());
}

/// Histograms over all pairs, and the largest departures from what must hold.
struct PairHistograms {
   TH1D *energy_i, *energy_j, *cosine;
   TH1D *mass[3]; ///< by the heavier neutrino of the pair
   Long64_t n_pairs = 0;
   double worst_cosine = 0, worst_q2_eV2 = 0, worst_energy_eV = 0;

   /// \param lowest_omega_eV sets the ends of the axes
   PairHistograms(double e_eg_eV, double lowest_omega_eV)
   {
      const double most_meV = 1e3 * std::sqrt(std::max(0., e_eg_eV * (e_eg_eV - 2 * lowest_omega_eV)));
      energy_i = booked("energy_i", 60, 0, e_eg_eV - lowest_omega_eV, "neutrino energy  [eV]");
      energy_j = booked("energy_j", 60, 0, e_eg_eV - lowest_omega_eV, "neutrino energy  [eV]");
      cosine = booked("cosine", 40, -1, 1, "cos #theta*");
      for (int k = 0; k < 3; ++k)
         mass[k] = booked(Form("mass_%d", k), 60, 0, 1.02 * most_meV, "invariant mass of the pair  [meV]");
   }

   void fill(const FourMomentum &p_i, const FourMomentum &p_j, int heavier, double weight)
   {
      ++n_pairs;
      energy_i->Fill(p_i.E(), weight);
      energy_j->Fill(p_j.E(), weight);
      cosine->Fill(cos_theta_star(p_i, p_j), weight);
      mass[heavier - 1]->Fill(1e3 * (p_i + p_j).M(), weight);
   }

   /// Compare with the branch, and with the conservation laws for a photon of energy omega.
   void check(const FourMomentum &p_i, const FourMomentum &p_j, double cosine_told, double omega_eV, double e_eg_eV)
   {
      const auto keep = [](double &worst, double departure) { worst = std::max(worst, std::abs(departure)); };
      keep(worst_cosine, cos_theta_star(p_i, p_j) - cosine_told);
      keep(worst_q2_eV2, (p_i + p_j).M2() - e_eg_eV * (e_eg_eV - 2 * omega_eV));
      keep(worst_energy_eV, p_i.E() + p_j.E() + omega_eV - e_eg_eV);
   }

   bool is_sound() const { return worst_cosine < 1e-6 && worst_q2_eV2 < 1e-11 && worst_energy_eV < 1e-11; }

   void draw_energies() const
   {
      dress(energy_i, 0);
      dress(energy_j, 1);
      energy_j->SetFillStyle(0);
      energy_j->SetLineStyle(kDashed);
      energy_i->SetMaximum(top_of_axis(0, std::max(energy_i->GetMaximum(), energy_j->GetMaximum()), 2));
      energy_i->Draw("hist");
      energy_j->Draw("hist same");
      auto *legend = legend_on_top(2);
      legend->AddEntry(energy_i, "neutrino #nu_{i}", "f");
      legend->AddEntry(energy_j, "antineutrino #bar{#nu}_{j}", "l");
      legend->Draw();
   }

   void draw_cosine() const
   {
      dress(cosine, 2);
      cosine->SetMinimum(0);
      cosine->SetMaximum(1.4 * cosine->GetMaximum());
      cosine->Draw("hist");
   }

   void draw_masses() const
   {
      static const char *const names[] = {"#nu_{1}#nu_{1}", "#nu_{1}#nu_{2}, #nu_{2}#nu_{2}", "pairs with #nu_{3}"};
      auto *stack = new THStack("mass", "");
      auto *legend = legend_on_top(3, 0.7);
      for (int k = 0; k < 3; ++k) {
         dress(mass[k], k);
         mass[k]->SetFillColorAlpha(colour(k), 0.5);
         mass[k]->SetLineWidth(1);
         stack->Add(mass[k]);
         legend->AddEntry(mass[k], names[k], "f");
      }
      stack->Draw("hist");
      stack->SetMaximum(top_of_axis(0, stack->GetMaximum(), 3));
      stack->GetXaxis()->SetTitle(mass[0]->GetXaxis()->GetTitle());
      stack->GetYaxis()->SetMaxDigits(4);
      stack->GetYaxis()->SetTitle(mass[0]->GetYaxis()->GetTitle());
      legend->Draw();
      gPad->RedrawAxis();
   }

private:
   static TH1D *booked(const char *name, int bins, double low, double high, const char *title)
   {
      auto *histogram = new TH1D(name, "", bins, low, high);
      histogram->SetDirectory(nullptr);
      histogram->GetXaxis()->SetTitle(title);
      histogram->GetYaxis()->SetTitle("pairs / bin");
      return histogram;
   }

   static void dress(TH1D *histogram, int index)
   {
      histogram->SetLineColor(colour(index));
      histogram->SetLineWidth(2);
      histogram->SetFillColorAlpha(colour(index), 0.2);
      histogram->GetYaxis()->SetMaxDigits(4);
   }
};

} // namespace renp

int neutrino_kinematics(const char *inputs, const char *stem = "neutrino_kinematics")
{
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs, {ntuple.all_of_steps(), ntuple.all_of_events()}))
      return 1;
   const auto no_pairs = [inputs] {
      std::fprintf(stderr, "neutrino_kinematics: %s: no photon with its neutrinos: the file is blind or empty\n",
                   inputs);
      return 1;
   };
   const auto blind = ntuple.left_out_blind_runs();
   std::map<Long64_t, double> e_eg_eV; // by run
   double highest_eV = 0, lowest_omega_eV = INFINITY;
   renp::Runs run{&ntuple.runs};
   while (run.Next())
      if (blind.count(*run.run) == 0)
         highest_eV = std::max(highest_eV, e_eg_eV[*run.run] = *run.e_eg_eV);
   renp::Steps step{&ntuple.steps};
   while (step.Next())
      if (blind.count(*step.run) == 0)
         lowest_omega_eV = std::min(lowest_omega_eV, *step.omega_set_eV - 8 * *step.linewidth_eV);

   if (std::isinf(lowest_omega_eV)) // every run is blind
      return no_pairs();
   renp::set_style();
   renp::PairHistograms pairs(highest_eV, lowest_omega_eV);
   renp::Events event{&ntuple.events};
   while (event.Next()) {
      if (*event.origin != renp::kSignalPhoton)
         continue;
      const renp::FourMomentum p_i(*event.nu_i_px_eV, *event.nu_i_py_eV, *event.nu_i_pz_eV, *event.nu_i_energy_eV);
      const renp::FourMomentum p_j(*event.nu_j_px_eV, *event.nu_j_py_eV, *event.nu_j_pz_eV, *event.nu_j_energy_eV);
      pairs.fill(p_i, p_j, std::max(*event.nu_i, *event.nu_j), *event.weight);
      pairs.check(p_i, p_j, *event.cos_theta_star, *event.omega_emitted_eV, e_eg_eV.at(*event.run));
   }
   if (pairs.n_pairs == 0)
      return no_pairs();
   std::printf("pairs: %lld, mean E_i %.9g eV, mean E_j %.9g eV, mean cos(theta*) %.9g\n", pairs.n_pairs,
               pairs.energy_i->GetMean(), pairs.energy_j->GetMean(), pairs.cosine->GetMean());
   std::printf("largest departures: cos(theta*) %.2g, q^2 %.2g eV^2, energy %.2g eV\n", pairs.worst_cosine,
               pairs.worst_q2_eV2, pairs.worst_energy_eV);
   if (!pairs.is_sound())
      std::fprintf(stderr, "neutrino_kinematics: %s: momenta, angles and photon energies contradict each other\n",
                   inputs);

   TCanvas *canvas = renp::new_canvas("neutrino_kinematics", 3);
   canvas->cd(1);
   pairs.draw_energies();
   renp::label_pad("renp-sim");
   canvas->cd(2);
   pairs.draw_cosine();
   canvas->cd(3);
   pairs.draw_masses();
   return renp::save(canvas, stem) && pairs.is_sound() ? 0 : 1;
}
