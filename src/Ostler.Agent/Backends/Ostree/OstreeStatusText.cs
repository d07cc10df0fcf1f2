using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Reads the list that <c>ostree admin status</c> prints for people, which is all that versions before 2025.3 offer.</summary>
/// <example>
/// <code>
///   lab 81c3….1 (staged)
///     Version: 43.20260102.3.0
///     origin refspec: lab/x86_64/v2
/// * lab e001….0
///     Version: 43.20260101.3.0
///     Pinned: yes
/// </code>
/// </example>
internal static class OstreeStatusText
{
    private const string NoDeployments = "No deployments.";

    /// <summary>The deployments in order; null when the text is something else. Details that are not known are passed over.</summary>
    public static IReadOnlyList<HostDeployment>? Parse(string output)
    {
        List<HostDeployment> deployments = [];
        var noise = false;
        foreach (var line in output.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace() || line.SequenceEqual(NoDeployments))
            {
                continue;
            }

            if (line.StartsWith("    "))
            {
                if (deployments.Count == 0)
                {
                    return null;
                }

                deployments[^1] = WithDetail(deployments[^1], line.Trim().ToString());
            }
            else if (ParseHead(line.ToString(), deployments.Count) is { } deployment)
            {
                deployments.Add(deployment);
            }
            else if (deployments.Count == 0 && line[0] is not (' ' or '*'))
            {
                // Progress or a warning before the list, which itself begins each line with a space or an asterisk.
                noise = true;
            }
            else
            {
                return null;
            }
        }

        return noise && deployments.Count == 0 ? null : deployments;
    }

    /// <summary><c>* lab &lt;64 digits&gt;.0 (staged)</c>; null when it is not that.</summary>
    private static HostDeployment? ParseHead(string line, int index)
    {
        if (line.Length < 3 || line[0] is not (' ' or '*') || line[1] != ' ')
        {
            return null;
        }

        var words = line[2..].Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2
            || words[1].Split('.') is not [var commit, var number]
            || !HostArguments.IsCommit(commit)
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var serial))
        {
            return null;
        }

        var marks = words.Length == 3 ? words[2] : "";
        var locked = marks.Contains("(finalization locked)", StringComparison.Ordinal);
        return new HostDeployment
        {
            Index = index,
            Stateroot = words[0],
            Digest = commit,
            Serial = serial,
            Booted = line[0] == '*',
            Staged = locked || marks.Contains("(staged)", StringComparison.Ordinal),
            Locked = locked,
        };
    }

    private static HostDeployment WithDetail(HostDeployment deployment, string detail)
    {
        var colon = detail.IndexOf(": ", StringComparison.Ordinal);
        var value = colon < 0 ? "" : detail[(colon + 2)..];
        return (colon < 0 ? "" : detail[..colon]) switch
        {
            "Version" => deployment with { Version = value },
            "Pinned" => deployment with { Pinned = value == "yes" },
            "Unlocked" => deployment with { Mutated = value },
            "origin refspec" => deployment with { Reference = value },
            _ => deployment,
        };
    }
}
