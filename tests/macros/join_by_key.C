/// Give `events` a friend in another file whose rows are in another order, joined by (run, event), and count the rows
/// in which the friend's time is not the event's. Read by TTreeReader, TTree::Draw and RDataFrame.
#include <ROOT/RDataFrame.hxx>
#include <TFile.h>
#include <TRandom3.h>
#include <TTree.h>
#include <TTreeReader.h>
#include <TTreeReaderValue.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <vector>

void write_friend(TTree *events, const char *path)
{
   Long64_t run, event;
   double time_s;
   events->SetBranchAddress("run", &run);
   events->SetBranchAddress("event", &event);
   events->SetBranchAddress("time_s", &time_s);
   TFile out(path, "recreate");
   TTree tree("marks", "marks");
   tree.Branch("run", &run);
   tree.Branch("event", &event);
   tree.Branch("time_s", &time_s);
   std::vector<Long64_t> order(events->GetEntries());
   std::iota(order.begin(), order.end(), 0);
   TRandom3 random(1);
   for (size_t k = order.size(); k > 1; --k)
      std::swap(order[k - 1], order[random.Integer(k)]);
   for (const Long64_t row : order) {
      events->GetEntry(row);
      tree.Fill();
   }
   tree.BuildIndex("run", "event");
   tree.Write();
   events->ResetBranchAddresses();
}

int join_by_key(const char *path, const char *friend_path)
{
   TFile file(path);
   auto *events = file.Get<TTree>("events");
   write_friend(events, friend_path);
   TFile friend_file(friend_path);
   auto *marks = friend_file.Get<TTree>("marks");
   events->AddFriend(marks);

   Long64_t n_read = 0, n_moved = 0;
   { // the reader must be gone before others read
      TTreeReader reader(events);
      TTreeReaderValue<Double_t> own(reader, "time_s"), other(reader, "marks.time_s");
      while (reader.Next()) {
         n_read += *own == *other;
         n_moved += marks->GetReadEntry() != reader.GetCurrentEntry();
      }
   }
   const Long64_t n_drawn = events->Draw("time_s", "time_s == marks.time_s", "goff");
   ROOT::RDataFrame frame(*events);
   const auto same = [](double a, double b) { return a == b; };
   const Long64_t n_framed = *frame.Filter(same, {"time_s", "marks.time_s"}).Count();
   std::printf("%lld events: %lld %lld %lld equal, %lld in another place\n", events->GetEntries(), n_read, n_drawn,
               n_framed, n_moved);
   return 0;
}
