using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>What the host's configuration says of its OSTree remotes.</summary>
internal sealed class OstreeRemoteConfig(HostFiles files)
{
    private const string Folder = "/etc/ostree/remotes.d";
    private const string Repository = "/ostree/repo/config";

    /// <summary>
    /// Whether commits of the remote must be signed: unless its configuration says that they need not, which is ostree's own rule.
    /// </summary>
    public bool Verifies(string remote)
    {
        string[] paths = [Repository, .. files.Names(Folder).Where(name => name.EndsWith(".conf", StringComparison.Ordinal)).Select(name => $"{Folder}/{name}")];
        var (gpg, sign) = (true, false);
        foreach (var path in paths)
        {
            foreach (var (key, value) in Section(files.Read(path), $"[remote \"{remote}\"]"))
            {
                gpg = key == "gpg-verify" ? !IsFalse(value) : gpg;
                sign = key == "sign-verify" ? !IsFalse(value) : sign;
            }
        }

        return gpg || sign;
    }

    private static bool IsFalse(string value) => value is "false" or "0";

    private static IEnumerable<(string Key, string Value)> Section(string? text, string wanted)
    {
        var within = false;
        foreach (var line in (text ?? "").Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith('['))
            {
                within = line == wanted;
            }
            else if (within && line.Split('=', 2, StringSplitOptions.TrimEntries) is [var key, var value])
            {
                yield return (key, value);
            }
        }
    }
}
