// The event loop that one would write in ROOT: a compiled loop that draws each event and fills the record
// of the `events` tree, one event at a time, zstd level 1. bench_generate.py runs it beside `generate`.
//
//    root -l -b -q 'generate_loop.C+O("table.txt", "out.root")'
//
// The table holds what a run is drawn from: bench_generate.py writes it, so that both sides draw from the
// same alias tables and the same inverse of the cubic. Nothing is drawn that `generate` does not draw; dark
// counts and dead time are left out.

#include <TFile.h>
#include <TMath.h>
#include <TRandomGen.h>
#include <TStopwatch.h>
#include <TTree.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <vector>

struct Entry {
   double threshold;
   int step; // to the other cell of the alias table
   int nuI, nuJ;
   double offset, slope, amplitude, shift; // closed form of the inverse cubic
   double root, rootWidth;                 // end of a cell in sqrt(q2 - s+), and to the other
   double sPlus, sMinus, difference;
};

struct Step {
   long count;
   double start, duration;
   std::vector<Entry> entries;
};

int generate_loop(const char *table, const char *output)
{
   std::ifstream in(table);
   double eEg, radius, length, sigma, low, high;
   size_t nSteps;
   in >> eEg >> radius >> length >> sigma >> low >> high >> nSteps;
   std::vector<Step> steps(nSteps);
   for (Step &s : steps) {
      size_t n;
      in >> s.count >> s.start >> s.duration >> n;
      s.entries.resize(n);
      for (Entry &e : s.entries)
         in >> e.threshold >> e.step >> e.nuI >> e.nuJ >> e.offset >> e.slope >> e.amplitude >> e.shift >>
            e.root >> e.rootWidth >> e.sPlus >> e.sMinus >> e.difference;
   }
   if (!in) {
      fprintf(stderr, "generate_loop: %s: is not a table of bench_generate.py\n", table);
      return 1;
   }

   TStopwatch watch;
   TRandomMixMax random(1);
   TFile file(output, "RECREATE", "", 501); // zstd, level 1
   TTree tree("events", "events");
   Long64_t run = 1, event = 0;
   Int_t step;
   Double_t time, weight = 1, omega, emissionTime, cosine, phi, eI, eJ, pI[3], pJ[3];
   Float_t energy, x, y, z;
   Short_t channel = 0;
   Bool_t recorded = true;
   Char_t origin = 0, nuI, nuJ;
   tree.Branch("run", &run, "run/L");
   tree.Branch("event", &event, "event/L");
   tree.Branch("step", &step, "step/I");
   tree.Branch("time_s", &time, "time_s/D");
   tree.Branch("photon_energy_eV", &energy, "photon_energy_eV/F");
   tree.Branch("channel", &channel, "channel/S");
   tree.Branch("recorded", &recorded, "recorded/O");
   tree.Branch("weight", &weight, "weight/D");
   tree.Branch("origin", &origin, "origin/B");
   tree.Branch("nu_i", &nuI, "nu_i/B");
   tree.Branch("nu_j", &nuJ, "nu_j/B");
   tree.Branch("omega_emitted_eV", &omega, "omega_emitted_eV/D");
   tree.Branch("emission_time_s", &emissionTime, "emission_time_s/D");
   tree.Branch("cos_theta_star", &cosine, "cos_theta_star/D");
   tree.Branch("phi", &phi, "phi/D");
   tree.Branch("nu_i_energy_eV", &eI, "nu_i_energy_eV/D");
   tree.Branch("nu_j_energy_eV", &eJ, "nu_j_energy_eV/D");
   const char *axes[] = {"px", "py", "pz"};
   for (int k = 0; k < 3; ++k)
      tree.Branch(Form("nu_i_%s_eV", axes[k]), &pI[k], Form("nu_i_%s_eV/D", axes[k]));
   for (int k = 0; k < 3; ++k)
      tree.Branch(Form("nu_j_%s_eV", axes[k]), &pJ[k], Form("nu_j_%s_eV/D", axes[k]));
   tree.Branch("x_cm", &x, "x_cm/F");
   tree.Branch("y_cm", &y, "y_cm/F");
   tree.Branch("z_cm", &z, "z_cm/F");

   for (size_t s = 0; s < steps.size(); ++s) {
      const std::vector<Entry> &entries = steps[s].entries;
      const size_t n = entries.size();
      const double gap = steps[s].duration / (steps[s].count + 1);
      step = s;
      emissionTime = steps[s].start;
      for (long k = 0; k < steps[s].count; ++k) {
         emissionTime -= gap * std::log(random.Rndm());
         time = emissionTime;
         const double u = random.Rndm() * n;
         size_t cell = u;
         if (u - cell >= entries[cell].threshold)
            cell += entries[cell].step;
         const Entry &e = entries[cell];
         nuI = e.nuI;
         nuJ = e.nuJ;

         double argument = e.offset + e.slope * random.Rndm();
         argument = std::fmin(1., std::fmax(-1., argument));
         cosine = 0.5 * e.amplitude * std::sin(std::asin(argument) / 3) - e.shift;
         cosine = std::fmin(1., std::fmax(-1., cosine));
         phi = TMath::TwoPi() * random.Rndm();
         const double r = radius * std::sqrt(random.Rndm()), azimuth = TMath::TwoPi() * random.Rndm();
         x = r * std::cos(azimuth);
         y = r * std::sin(azimuth);
         z = length * random.Rndm();

         const double root = e.root + e.rootWidth * std::min(random.Rndm(), random.Rndm());
         const double q2 = e.sPlus + root * root;
         omega = 0.5 * (eEg - q2 / eEg);
         const double q0 = eEg - omega;
         const double delta = std::sqrt(std::fmax(0., q2 - e.sPlus) * (q2 - e.sMinus)) / q2;
         const double share = 0.5 * (1 + e.difference / q2), boost = 0.5 * delta * cosine;
         const double parallel = omega * share + q0 * boost;
         const double transverse = 0.5 * delta * std::sqrt((1 - cosine * cosine) * q2);
         eI = q0 * share + omega * boost;
         eJ = q0 - eI;
         pI[0] = transverse * std::cos(phi);
         pI[1] = transverse * std::sin(phi);
         pI[2] = -parallel;
         pJ[0] = -pI[0];
         pJ[1] = -pI[1];
         pJ[2] = parallel - omega;

         const double seen = random.Gaus(omega, sigma);
         if (seen < low || seen > high)
            continue;
         energy = seen;
         tree.Fill();
         ++event;
      }
   }
   file.Write();
   file.Close();
   printf("events %lld seconds %.6f\n", event, watch.RealTime());
   return 0;
}
