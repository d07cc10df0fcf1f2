using Ostler.Agent.Host;
using Ostler.Api.NodeOSes;

namespace Ostler.Agent.HostShell;

/// <summary>
/// Reads what a person wants staged: <c>quay.io/acme/edge-os@sha256:…</c>, or <c>remote:branch@commit</c>. By digest alone, as the agent
/// does.
/// </summary>
internal static class ConsoleTarget
{
    /// <summary>The image; null when the text names none, and then <paramref name="problem"/> says what to write instead.</summary>
    public static NodeImage? Parse(string text, out string problem)
    {
        var at = text.LastIndexOf('@');
        var (name, digest) = at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
        problem = "";
        if (HostArguments.IsManifestDigest(digest))
        {
            if (HostArguments.IsRepository(name))
            {
                return new NodeImage { Container = new() { Repository = name }, Digest = digest };
            }

            problem = $"{Shown(name)} is not an image: write the registry's host, a slash and the name, without a tag, as in quay.io/acme/edge-os@sha256:….";
        }
        else if (HostArguments.IsCommit(digest))
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            var (remote, branch) = colon < 0 ? ("", name) : (name[..colon], name[(colon + 1)..]);
            if (HostArguments.IsRemote(remote) && HostArguments.IsRef(branch))
            {
                return new NodeImage { Ostree = new() { Remote = remote, Ref = branch, AllowDowngrade = true }, Digest = digest };
            }

            problem = $"{Shown(name)} is not a branch of a remote: write remote:branch@commit, as ostree remote list and ostree remote refs name them.";
        }
        else
        {
            problem = $"{Shown(text)} has no digest, and a tag or branch may move during the download: write image@sha256:… (skopeo inspect docker://image shows the Digest) "
                + "or remote:branch@commit (ostree remote summary remote).";
        }

        return null;
    }

    private static string Shown(string text) => HostToolException.Trim(text).Length > 0 ? HostToolException.Trim(text) : "Nothing";
}
