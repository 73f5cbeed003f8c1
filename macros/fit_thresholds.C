/// \file
/// Poisson likelihood of a scan with the neutrino masses free: six thresholds with errors.
///
///     root -l -b -q 'fit_thresholds.C("fine.root")'                       // lightest mass free, both orderings
///     root -l -b -q 'fit_thresholds.C("fine.root", "fit", "masses")'      // three masses free
///
/// Normalisation and backgrounds are as stated in the file; mixing and splittings are those of the run, or NuFIT 5.2
/// for the other ordering and for blind runs. -2lnL has a kink wherever a threshold crosses a step, so all these
/// places are scanned first, and Minuit2 polishes inside one smooth interval.
#include "renp_counts.h"
#include "renp_draw.h"
#include "renp_rate.h"

#include <Math/Factory.h>
#include <Math/Functor.h>
#include <Math/Minimizer.h>

#include <functional>

namespace renp {

/// -2lnL as the chi2_P of Baker & Cousins, NIM 221 (1984) 437.
class ScanLikelihood {
public:
   ScanLikelihood(const std::vector<Counts> &steps, const Spectrum &spectrum) : fSpectrum(spectrum)
   {
      for (const auto &step : steps)
         (step.per_unit > 0 ? fSettings[{step.omega_eV, step.sigma_eV}] : fSettings[{0., 0.}]).push_back(step);
   }

   double operator()(const Masses &masses) const
   {
      double sum = 0;
      for (const auto &[setting, steps] : fSettings) {
         const double value = setting.first > 0 ? fSpectrum(setting.first, setting.second, masses) : 0.;
         for (const auto &step : steps)
            sum += deviance(step.observed, step.background + step.per_unit * value);
      }
      return sum;
   }

   /// m_i + m_j at which a pair opens, for each setting of the laser: where -2lnL is not smooth.
   std::vector<double> kinks_eV() const
   {
      std::vector<double> out;
      for (const auto &[setting, steps] : fSettings) {
         const double q2 = setting.first > 0 ? q2_eV2(setting.first, fSpectrum.atom().e_eg_eV) : 0.;
         if (q2 > 0)
            out.push_back(std::sqrt(q2));
      }
      return out;
   }

private:
   static double deviance(double n, double mu)
   {
      if (!(mu > 1e-290))
         return n == 0 && mu >= 0 ? 0. : INFINITY;
      return std::max(0., 2 * (mu - n + (n > 0 ? n * std::log(n / mu) : 0.)));
   }

   Spectrum fSpectrum;
   std::map<std::pair<double, double>, std::vector<Counts>> fSettings;
};

using Function = std::function<double(const double *)>;

/// A fit by Minuit2 of so many variables.
class Fit {
public:
   Fit(const Function &function, unsigned n) : fFunctor(function, n), fMinimizer(ROOT::Math::Factory::CreateMinimizer("Minuit2", "Migrad"))
   {
      fMinimizer->SetFunction(fFunctor);
      fMinimizer->SetErrorDef(1);
      fMinimizer->SetStrategy(2);
      fMinimizer->SetTolerance(1e-4);
      fMinimizer->SetMaxFunctionCalls(5000);
      fMinimizer->SetPrintLevel(-1);
   }

   ROOT::Math::Minimizer *operator->() const { return fMinimizer.get(); }

private:
   ROOT::Math::Functor fFunctor;
   std::unique_ptr<ROOT::Math::Minimizer> fMinimizer;
};

/// -2lnL along one mass: points in rising order, and the lowest of them.
struct Curve {
   std::vector<std::pair<double, double>> points;
   double best, q;
};

/// Scan x >= 0 through all kinks, then polish the best smooth pieces.
inline Curve minimise_along(const std::function<double(double)> &q, std::vector<double> kinks)
{
   kinks.push_back(0);
   std::sort(kinks.begin(), kinks.end());
   kinks.erase(kinks.begin(), std::upper_bound(kinks.begin(), kinks.end(), 0.) - 1);
   kinks.push_back(1.02 * kinks.back() + 1e-3);
   std::map<double, double> points;
   std::vector<std::array<double, 3>> pieces; // lower end, upper end, lowest scanned -2lnL between them
   for (size_t k = 1; k < kinks.size(); ++k) {
      const double low = kinks[k - 1], width = kinks[k] - low;
      if (width < 1e-12)
         continue;
      const int n = 2 + std::min(14, int(width / 0.5e-3));
      double lowest = INFINITY;
      for (int i = 0; i <= n; ++i) {
         const double x = i == n ? kinks[k] : low + width * std::pow(std::sin(i * TMath::Pi() / 2 / n), 2);
         const auto point = points.find(x);
         lowest = std::min(lowest, point != points.end() ? point->second : points[x] = q(x));
      }
      pieces.push_back({low, kinks[k], lowest});
   }
   std::sort(pieces.begin(), pieces.end(), [](auto &a, auto &b) { return a[2] < b[2]; });
   const double lowest = pieces.front()[2];
   for (size_t k = 0; k < pieces.size() && k < 6 && pieces[k][2] < lowest + 4; ++k) {
      const auto [low, high, value] = pieces[k];
      Fit fit([&](const double *x) { return q(x[0]); }, 1);
      double start = (low + high) / 2;
      for (auto point = points.upper_bound(low); point->first < high; ++point)
         if (point->second == value)
            start = point->first;
      fit->SetLimitedVariable(0, "mass", start, 0.1 * (high - low), low, high);
      fit->Minimize();
      points[fit->X()[0]] = q(fit->X()[0]);
   }
   Curve curve{{points.begin(), points.end()}, 0, INFINITY};
   for (const auto &[x, value] : curve.points)
      if (value < curve.q)
         curve.best = x, curve.q = value;
   return curve;
}

} // namespace renp

int fit_thresholds(const char *inputs, const char *stem = "fit_thresholds", const char *mode = "lightest",
                   double alpha21_deg = 0, double alpha31_deg = 0)
{
   renp::Ntuple ntuple;
   if (!ntuple.open(inputs))
      return 1;
   const auto setup = renp::setup_of(ntuple);
   const auto steps = renp::step_counts(ntuple);
   if (!setup || steps.empty())
      return 1;
   for (auto ordering : {renp::kNormal, renp::kInverted}) {
      auto osc = setup->oscillation.ordering == ordering ? setup->oscillation : renp::Oscillation::nufit(ordering);
      renp::Couplings c(osc, setup->nature, alpha21_deg, alpha31_deg);
      renp::Spectrum sp(setup->atom, c);
      renp::ScanLikelihood like(steps, sp);
      std::vector<double> kinks;
      for (double sum : like.kinks_eV())
         for (auto &[i, j] : renp::kPairs) {
            double low = 0, high = sum;
            auto open = [&, i=i, j=j](double l) { auto m = osc.masses(l); return m[i] + m[j] < sum; };
            if (!open(0)) continue;
            for (int k = 0; k < 60; ++k) (open((low + high) / 2) ? low : high) = (low + high) / 2;
            kinks.push_back((low + high) / 2);
         }
      int calls = 0;
      TStopwatch w;
      auto curve = renp::minimise_along([&](double l) { ++calls; return like(osc.masses(l)); }, kinks);
      std::printf("%s %.9f at %.9g, %d calls %zu kinks %g s\n", renp::name_of(ordering), curve.q, curve.best, calls, kinks.size(), w.RealTime());
   }
   return 0;
}
