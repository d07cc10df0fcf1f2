using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Text;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin config-diff</c>: finds what would make the merge of /etc fail while the host shuts down.</summary>
/// <remarks>
/// A file that differs in content is no conflict: the host's own version wins. Only one that the new tree has as another kind of file (a
/// directory for a file, or the other way round) ends the merge, and with it the finalization.
/// </remarks>
internal sealed class OstreeEtcConflicts(OstreeCommands ostree, HostFiles files)
{
    private const int Named = 3;

    /// <summary>A warning that names the first paths, or null. What cannot be found out is no warning.</summary>
    public async Task<string?> PredictAsync(HostDeployment staged, CancellationToken cancellationToken)
    {
        var result = await ostree.TryAsync(new HostCommand("ostree", "admin", "config-diff"), cancellationToken);
        if (!result.Succeeded)
        {
            return null;
        }

        var defaults = $"/ostree/deploy/{staged.Stateroot}/deploy/{staged.Commit}.{staged.Serial}/usr/etc";
        var conflicts = Kept(result.Stdout).Where(path => Conflicts(defaults, path)).ToList();
        return conflicts.Count == 0
            ? null
            : $"applying it will fail: {MessageText.List(conflicts.ConvertAll(p => "/etc/" + p), Named)}"
                + " changed on the host and of another kind (file, directory) in the new image";
    }

    /// <summary>What was modified or added on the host, relative to /etc. What was deleted conflicts with nothing.</summary>
    internal static IEnumerable<string> Kept(string output) =>
        from line in output.Split('\n')
        where line.StartsWith("M ", StringComparison.Ordinal) || line.StartsWith("A ", StringComparison.Ordinal)
        select line[2..].TrimStart();

    private bool Conflicts(string defaults, string path)
    {
        // A file within a directory that the new tree has as a file: the merge cannot open the directory.
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (files.Kind($"{defaults}/{path[..slash]}") is HostFileKind.File or HostFileKind.Symlink)
            {
                return true;
            }
        }

        var wanted = files.Kind($"{defaults}/{path}");
        var present = files.Kind($"/etc/{path}");
        return wanted != HostFileKind.Missing
            && present != HostFileKind.Missing
            && (wanted == HostFileKind.Directory) != (present == HostFileKind.Directory);
    }
}
