/// Copy all trees of a file but one branch of one of them, or but the rows that a cut leaves out, as users make skims.
#include <TFile.h>
#include <TKey.h>
#include <TTree.h>

#include <memory>
#include <string>

int skim(const char *path, const char *out_path, const char *tree_name, const char *branch, const char *cut = "")
{
   TFile file(path), out(out_path, "recreate");
   for (TObject *key : *file.GetListOfKeys()) {
      auto *tree = dynamic_cast<TTree *>(static_cast<TKey *>(key)->ReadObj());
      if (!tree)
         continue;
      const bool is_cut = std::string(tree->GetName()) == tree_name;
      if (is_cut && *branch)
         tree->SetBranchStatus(branch, false);
      out.cd();
      tree->CopyTree(is_cut ? cut : "")->Write();
   }
   return 0;
}
