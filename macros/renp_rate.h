/// \file
/// The Standard Model spectrum I(omega) of |e> -> |g> + gamma + nu_i + nubar_j, averaged over the laser line.
///
/// Implements Eqs. (2)-(5) of Ge & Pasquini, Phys. Sci. Forum 8 (2023) 51, with the step function the right way
/// round and a free longitudinal share f_L of the atom's spin tensor (1/3 is the isotropic average of the paper).
#ifndef RENP_RATE_H
#define RENP_RATE_H

#include "renp_ntuple.h"

#include <Math/GaussLegendreIntegrator.h>
#include <TMath.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdio>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace renp {

using Masses = std::array<double, 3>; ///< m1, m2, m3 in eV

/// The atom: energies of e and v above g, and the longitudinal share of its spin tensor.
struct Atom {
   double e_eg_eV, e_vg_eV, f_l;
};

/// Mixing and splittings; the defaults are NuFIT 5.2 with SK-atm.
struct Oscillation {
   Ordering ordering;
   double sin2_theta12, sin2_theta13, dm2_21_eV2, dm2_3l_eV2, delta_deg;

   static Oscillation nufit(Ordering ordering)
   {
      if (ordering == kInverted)
         return {kInverted, 0.303, 0.02223, 7.41e-5, -2.486e-3, 276.};
      return {kNormal, 0.303, 0.02225, 7.41e-5, 2.507e-3, 232.};
   }

   /// NO: m1 is the lightest; IO: m3 is.
   Masses masses(double lightest_eV) const
   {
      const double l2 = lightest_eV * lightest_eV;
      if (ordering == kInverted)
         return {std::sqrt(l2 - dm2_3l_eV2 - dm2_21_eV2), std::sqrt(l2 - dm2_3l_eV2), lightest_eV};
      return {lightest_eV, std::sqrt(l2 + dm2_21_eV2), std::sqrt(l2 + dm2_3l_eV2)};
   }
};

/// Pairs i <= j by number, 1...3 in everything that is printed.
constexpr int kPairs[6][2] = {{0, 0}, {0, 1}, {1, 1}, {0, 2}, {1, 2}, {2, 2}};

/// A = |a_ij|^2 and A + B of each pair, (i, j) and (j, i) taken together.
struct Couplings {
   double square[6], helicity_sum[6];

   /// Phases matter for Majorana neutrinos only. They are not in the trees: give them, or 0 is taken.
   Couplings(const Oscillation &o, Nature nature, double alpha21_deg = 0., double alpha31_deg = 0.)
   {
      const double s12 = std::sqrt(o.sin2_theta12), c12 = std::sqrt(1 - o.sin2_theta12);
      const double s13 = std::sqrt(o.sin2_theta13), c13 = std::sqrt(1 - o.sin2_theta13);
      const double degree = TMath::DegToRad();
      const std::complex<double> u[3] = {c12 * c13, std::polar(s12 * c13, alpha21_deg / 2 * degree),
                                         std::polar(s13, (alpha31_deg / 2 - o.delta_deg) * degree)};
      for (int p = 0; p < 6; ++p) {
         const auto [i, j] = kPairs[p];
         const auto a = std::conj(u[i]) * u[j] - (i == j ? 0.5 : 0.);
         const int n_ordered = i == j ? 1 : 2;
         square[p] = n_ordered * std::norm(a);
         // Dirac: B = 0. Majorana: B = -Re a^2, so that A + B = 2 (Im a)^2
         helicity_sum[p] = nature == kMajorana ? n_ordered * 2 * a.imag() * a.imag() : square[p];
      }
   }
};

/// omega_ij = E_eg/2 - (m_i + m_j)^2/(2 E_eg), for reporting: rates never go through it, which loses digits.
inline double threshold_eV(double mass_sum_eV, double e_eg_eV)
{
   return e_eg_eV / 2 - mass_sum_eV * mass_sum_eV / (2 * e_eg_eV);
}

/// q^2 = E_eg (E_eg - 2 omega): what the pair has to share.
inline double q2_eV2(double omega_eV, double e_eg_eV)
{
   return e_eg_eV * (e_eg_eV - 2 * omega_eV);
}

/// The Standard Model spectrum of an atom.
class Spectrum {
public:
   Spectrum(const Atom &atom, const Couplings &couplings) : fAtom(atom), fCouplings(couplings) {}

   const Atom &atom() const { return fAtom; }

   /// I at frequency omega averaged over a Gaussian line of width sigma; 0 is a sharp line.
   double operator()(double omega_eV, double sigma_eV, const Masses &m) const
   {
      double sum = 0;
      for (int p = 0; p < 6; ++p)
         sum += mean_rate(omega_eV, sigma_eV, m[kPairs[p][0]], m[kPairs[p][1]], p);
      return sum;
   }

private:
   Atom fAtom;
   Couplings fCouplings;

   /// I_ij where q^2 is `excess` above (m_i + m_j)^2.
   double rate(double excess, double m_i, double m_j, int pair) const
   {
      const double s_plus = (m_i + m_j) * (m_i + m_j), q2 = s_plus + excess, mm = m_i * m_j;
      const double q2_minus_s_minus = excess + 4 * mm;
      const double delta = std::sqrt(excess * q2_minus_s_minus) / q2, q2_delta2 = delta * delta * q2;
      // 1 - d^2 as a sum of positive terms
      const double one_d2 = (excess * (excess + 2 * s_plus) + 4 * mm * s_plus) / (q2 * q2);
      const double omega = (fAtom.e_eg_eV - q2 / fAtom.e_eg_eV) / 2, p2 = omega * omega, f = fAtom.f_l;
      const double A = fCouplings.square[pair];
      const double a0 = A * (f * p2 * one_d2 / 2 + excess / 2 - (1 - f) * q2_delta2 / 4) +
                        fCouplings.helicity_sum[pair] * mm;
      const double a2 = A * ((1 - 3 * f) * q2_delta2 / 4 - f * p2 * delta * delta / 2);
      const double gap = fAtom.e_vg_eV - omega;
      return delta / (gap * gap) * (a0 + a2 / 3);
   }

   double mean_rate(double omega_eV, double sigma_eV, double m_i, double m_j, int pair) const
   {
      const double excess = q2_eV2(omega_eV, fAtom.e_eg_eV) - (m_i + m_j) * (m_i + m_j);
      const double width = 2 * fAtom.e_eg_eV * sigma_eV;
      if (excess <= -kFarthest * width)
         return 0.;
      if (width == 0)
         return rate(excess, m_i, m_j, pair);
      return excess > kSmooth * width ? hermite(excess, width, m_i, m_j, pair)
                                      : legendre(excess, width, m_i, m_j, pair);
   }

   /// Far below the threshold five Gauss-Hermite points are exact to 1e-11.
   double hermite(double excess, double width, double m_i, double m_j, int pair) const
   {
      static const double x[] = {0., 1.355626179974266, 2.85697001387280565};
      static const double w[] = {8. / 15, 0.222075922005612645, 0.0112574113277206889};
      double sum = w[0] * rate(excess, m_i, m_j, pair);
      for (int k = 1; k < 3; ++k)
         for (const int sign : {-1, 1})
            sum += w[k] * rate(excess + sign * x[k] * width, m_i, m_j, pair);
      return sum;
   }

   /// Near the threshold t = sqrt(q^2 - s_plus) makes the integrand smooth; plain Gauss-Hermite is 2 % off.
   double legendre(double excess, double width, double m_i, double m_j, int pair) const
   {
      static const Nodes nodes;
      const double low = std::sqrt(std::max(excess - kReach * width, 0.));
      // in the tail of a line the Gaussian falls from where the pair opens
      const double high = std::sqrt(excess + std::hypot(std::min(excess, 0.), kReach * width));
      double sum = 0;
      for (int k = 0; k < kNodes; ++k) {
         const double t = low + (high - low) * (nodes.x[k] + 1) / 2, xi = (excess - t * t) / width;
         sum += nodes.w[k] * t * std::exp(-xi * xi / 2) * rate(t * t, m_i, m_j, pair);
      }
      return sum * (high - low) / width / std::sqrt(TMath::TwoPi());
   }

   static constexpr double kReach = 8., kFarthest = 14., kSmooth = 15.; ///< in line widths
   static constexpr int kNodes = 40;

   struct Nodes {
      double x[kNodes], w[kNodes];
      Nodes() { ROOT::Math::GaussLegendreIntegrator(kNodes).GetWeightVectors(x, w); }
   };
};

/// What the `runs` tree says of atom and neutrinos.
struct Setup {
   Long64_t run;
   Atom atom;
   bool is_told; ///< whether the truth below is there, which blind runs hide
   Nature nature;
   Oscillation oscillation;
   Masses masses;
   bool has_masses;                   ///< whether they are told and the same for all runs
   std::string neutrino, interaction; ///< as they stand in the configuration, or empty

   /// Mixing and splittings of the runs if they have this ordering, else NuFIT's.
   Oscillation oscillation_of(Ordering ordering) const
   {
      return is_told && oscillation.ordering == ordering ? oscillation : Oscillation::nufit(ordering);
   }
};

/// Return in what the physics of two runs differs, as far as it is told of both; masses may.
inline std::vector<std::string> differences(const Setup &one, const Setup &other)
{
   std::vector<std::string> out;
   const auto compare = [&out](bool is_same, const char *what) {
      if (!is_same)
         out.push_back(what);
   };
   const auto levels = [](const Atom &a) { return std::tie(a.e_eg_eV, a.e_vg_eV, a.f_l); };
   compare(levels(one.atom) == levels(other.atom), "atom or spin tensor");
   if (!one.is_told || !other.is_told)
      return out;
   const bool is_same_ordering = one.oscillation.ordering == other.oscillation.ordering;
   compare(is_same_ordering, "ordering");
   compare(one.nature == other.nature, "nature");
   if (one.neutrino.empty() || other.neutrino.empty())
      return out;
   compare(one.interaction == other.interaction, "interaction");
   if (is_same_ordering) // mixing follows it
      for (const char *key : {"sin2_theta12", "sin2_theta13", "dm2_21_eV2", "dm2_3l_eV2", "delta_cp_deg",
                              "alpha21_deg", "alpha31_deg"})
         compare(number_of(one.neutrino, key) == number_of(other.neutrino, key), key);
   return out;
}

/// Return the setup of each run, or of the chosen one.
inline std::vector<Setup> setups_of(Ntuple &ntuple)
{
   auto neutrino = ntuple.configured("neutrino"), interaction = ntuple.configured("interaction");
   std::vector<Setup> out;
   Runs run{&ntuple.runs};
   while (run.Next()) {
      if (!ntuple.is_chosen(*run.run))
         continue;
      const auto ordering = Ordering(*run.ordering);
      out.push_back({*run.run,
                     {*run.e_eg_eV, *run.e_vg_eV, *run.spin_f_l},
                     !*run.is_blind,
                     Nature(*run.nature),
                     {ordering, *run.sin2_theta12, *run.sin2_theta13, *run.dm2_21_eV2, *run.dm2_3l_eV2,
                      Oscillation::nufit(ordering).delta_deg},
                     {*run.m1_eV, *run.m2_eV, *run.m3_eV},
                     !*run.is_blind,
                     neutrino[*run.run],
                     interaction[*run.run]});
   }
   return out;
}

/// Return the setup of the runs; if their physics differs, or some of them hide theirs, there is none, and a line on
/// stderr names those.
inline std::optional<Setup> setup_of(Ntuple &ntuple)
{
   const auto setups = setups_of(ntuple);
   const auto known = std::find_if(setups.begin(), setups.end(), [](const Setup &setup) { return setup.is_told; });
   const auto blind = ntuple.blind_runs();
   if (known != setups.end() && !blind.empty()) {
      // whatever is taken of the open ones may be wrong for them
      std::fprintf(stderr,
                   "renp: run %s: blind, unlike run %lld, and may hide other physics: give blind and open runs apart, "
                   "or the number of one run as the last argument\n",
                   list_of(blind).c_str(), known->run);
      return std::nullopt;
   }
   Setup out = setups.front(); // of blind runs nothing is known to differ
   std::string runs, list;
   std::set<std::string> what;
   bool has_other_masses = false;
   for (const Setup &own : setups) {
      const auto differing = differences(out, own);
      if (!differing.empty())
         runs += (runs.empty() ? "" : ", ") + std::to_string(own.run);
      what.insert(differing.begin(), differing.end());
      has_other_masses |= own.is_told && own.masses != out.masses;
   }
   for (const auto &each : what)
      list += (list.empty() ? "" : ", ") + each;
   if (!what.empty()) {
      std::fprintf(stderr,
                   "renp: run %s: not the physics of run %lld (%s): give runs of one physics, or the number of one run "
                   "as the last argument\n",
                   runs.c_str(), out.run, list.c_str());
      return std::nullopt;
   }
   if (has_other_masses)
      std::printf("runs were made with different masses: together they show none of them\n");
   out.has_masses = out.is_told && !has_other_masses;
   return out;
}

} // namespace renp

#endif // RENP_RATE_H
