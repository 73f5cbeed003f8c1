/// Copy all trees of a file but one branch of one of them, as a user makes a skim.
#include <TFile.h>
#include <TKey.h>
#include <TTree.h>

#include <memory>
#include <string>

int skim(const char *path, const char *out_path, const char *tree_name, const char *branch)
{
   TFile file(path), out(out_path, "recreate");
   for (TObject *key : *file.GetListOfKeys()) {
      auto *tree = dynamic_cast<TTree *>(static_cast<TKey *>(key)->ReadObj());
      if (!tree)
         continue;
      if (std::string(tree->GetName()) == tree_name)
         tree->SetBranchStatus(branch, false);
      out.cd();
      tree->CloneTree()->Write();
   }
   return 0;
}
