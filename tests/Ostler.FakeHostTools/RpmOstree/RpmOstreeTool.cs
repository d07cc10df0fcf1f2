using Ostler.FakeHostTools.Tools;

namespace Ostler.FakeHostTools.RpmOstree;

/// <summary>rpm-ostree, as far as an agent needs it, and <c>upgrade</c> as another client that gets in its way.</summary>
/// <remarks>
/// The real one leaves the work to a daemon; here the client's life is the transaction's, which is what happens in most cases.
/// </remarks>
internal sealed class RpmOstreeTool(Sysroot sysroot)
{
    /// <summary>Held as long as a transaction is under way; says which.</summary>
    public const string TransactionFile = "/run/ostler-fake/rpm-ostree.transaction";

    private static readonly string[] RegistryPrefixes = ["ostree-unverified-registry:", "ostree-image-signed:docker://"];

    public int Run(string[] words) => words switch
    {
        ["--version"] => Print("rpm-ostree:\n Version: '2024.6'\n Git: 0000\n Features:\n  - rust\n  - container"),
        ["status", "--json"] => Print(RpmOstreeStatusDocument.Of(sysroot.Read(), ToolLock.Holder(TransactionFile))),
        ["cancel"] => Print("No active transaction."),
        ["deploy", .. var options] => InTransaction("deploy", () => Deploy(options)),
        ["rebase", .. var options] => InTransaction("rebase", () => Rebase(options)),
        ["upgrade"] => InTransaction("upgrade", Upgrade),
        ["reset"] => InTransaction("reset", Reset),
        ["cleanup", "-p"] => InTransaction("cleanup", DropPending),
        ["rollback"] => InTransaction("rollback", Rollback),
        _ => throw new UsageException($"Unknown option or command in '{string.Join(' ', words)}'"),
    };

    private static int Print(string text)
    {
        Console.WriteLine(text);
        return 0;
    }

    private static int InTransaction(string title, Action act)
    {
        using var transaction = ToolLock.TryAcquire(TransactionFile, title)
            ?? throw new ToolException($"Transaction in progress: {ToolLock.Holder(TransactionFile)} \n You can cancel the current transaction with `rpm-ostree cancel`");
        act();
        return 0;
    }

    /// <summary>The deployment that a change starts from: what is staged, else what runs.</summary>
    private Deployment Merge()
    {
        var deployments = sysroot.Read();
        return deployments.FirstOrDefault(d => d.Staged) ?? deployments.FirstOrDefault(d => d.Booted) ?? throw new ToolException("Not currently booted into an OSTree system");
    }

    private void Deploy(string[] options)
    {
        var locked = options.Contains("--lock-finalization");
        if (options.Where(o => o is not ("--lock-finalization" or "--skip-branch-check")).ToArray() is not [var revision] || !revision.StartsWith("revision=", StringComparison.Ordinal))
        {
            throw new UsageException("deploy needs one REVISION");
        }

        var merge = Merge();
        if (merge.ImageReference is not null)
        {
            throw new ToolException("Unexpected ostree revision alongside container refspec type");
        }

        var commit = revision["revision=".Length..];
        if (merge.Commit == commit)
        {
            Print("No change.");
            return;
        }

        Fetch(merge.Refspec!, commit);
        Finish(commit, $"[origin]\nrefspec={merge.Refspec}\n{PackagesOf(merge)}", locked);
    }

    private void Rebase(string[] options)
    {
        var locked = options.Contains("--lock-finalization");
        var words = options.Where(o => o is not ("--lock-finalization" or "--experimental")).ToArray();
        if (words is not [var to, ..] || words.Length > 2 || words.Any(w => w.StartsWith('-')))
        {
            throw new UsageException("rebase needs REFSPEC [REVISION]");
        }

        var merge = Merge();
        if ((merge.ImageReference ?? merge.Refspec) == to)
        {
            throw new ToolException($"Old and new refs are equal: {to}");
        }

        if (RegistryPrefixes.FirstOrDefault(p => to.StartsWith(p, StringComparison.Ordinal)) is { } prefix)
        {
            if (!options.Contains("--experimental"))
            {
                throw new ToolException("Rebasing to a container image reference is experimental: use --experimental");
            }

            Print("Pulling manifest: " + to);
            var (image, _, _) = ImagePull.Pull(to[prefix.Length..], prefix.StartsWith("ostree-image-signed", StringComparison.Ordinal));
            Finish(image, $"[origin]\ncontainer-image-reference={to}\n{PackagesOf(merge)}", locked);
            return;
        }

        var commit = words.Length == 2 ? words[1] : null;
        Fetch(to, commit);
        Finish(commit ?? Ostree.Run("Resolving", Ostree.Repository, "rev-parse", to).Trim(), $"[origin]\nrefspec={to}\n{PackagesOf(merge)}", locked);
    }

    private void Upgrade()
    {
        var booted = sysroot.Read().First(d => d.Booted);
        if (booted.Refspec is not { } refspec)
        {
            throw new ToolException("This fake upgrades hosts that follow a branch only");
        }

        Fetch(refspec, null);
        var tip = Ostree.Run("Resolving", Ostree.Repository, "rev-parse", refspec).Trim();
        if (tip == booted.Commit)
        {
            Print("No upgrade available.");
            return;
        }

        Finish(tip, $"[origin]\nrefspec={refspec}\n", locked: false);
    }

    private static void Fetch(string refspec, string? commit)
    {
        var colon = refspec.IndexOf(':', StringComparison.Ordinal);
        Ostree.Run("Pulling", Ostree.Repository, "pull", refspec[..colon], refspec[(colon + 1)..] + (commit is null ? "" : "@" + commit));
    }

    private void Finish(string commit, string origin, bool locked)
    {
        sysroot.Stage("Staging deployment", commit, origin, locked);
        Print("Staging deployment...done\nChanges queued for next boot. Run \"systemctl reboot\" to start a reboot");
    }

    /// <summary>The base of what the change starts from, without packages.</summary>
    private void Reset()
    {
        var merge = Merge();
        if (merge.Packages.Count == 0)
        {
            Print("No change.");
            return;
        }

        Finish(merge.Commit, merge.ImageReference is { } image ? $"[origin]\ncontainer-image-reference={image}\n" : $"[origin]\nrefspec={merge.Refspec}\n", locked: false);
    }

    // Whatever is laid down has the packages that were asked for on it, until they are removed.
    private static string PackagesOf(Deployment merge) => merge.Packages.Count == 0 ? "" : $"\n[packages]\nrequested={string.Join(';', merge.Packages)};\n";

    private void DropPending()
    {
        var deployments = sysroot.Read();
        if (deployments is not [{ Booted: false } first, ..] || !deployments.Any(d => d.Booted))
        {
            Print("Deployments unchanged.");
            return;
        }

        sysroot.Undeploy(first);
        Print("Freed: 0 bytes (pkgcache branches: 0)");
    }

    private void Rollback()
    {
        var deployments = sysroot.Read();
        if (deployments.Any(d => d.Staged))
        {
            throw new ToolException("Staged deployment (remove with cleanup -p)");
        }

        var booted = deployments.First(d => d.Booted);
        // After the running one, else the running one itself: with two deployments the verb toggles, with three it goes on to a third.
        var chosen = deployments.FirstOrDefault(d => d.Index > booted.Index) ?? (booted.Index > 0 ? booted : null) ?? throw new ToolException("No rollback deployment found");
        Print($"Moving '{chosen.Commit}.{chosen.Serial}' to be first deployment");
        LibOstree.PutFirst(chosen.Index);
        Print("Run \"systemctl reboot\" to start a reboot");
    }
}
