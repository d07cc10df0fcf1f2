using System.CommandLine;

namespace Ostler.Cli.Commands;

/// <summary>Examples of each command, and the groups in which help lists them.</summary>
internal static class HelpExamples
{
    private const string Ostler = "kubectl ostler";

    private static readonly (string Title, string[] Commands)[] Groups =
    [
        ("Watch a rollout:", ["status", "nodes", "history", "diff"]),
        ("Plan a rollout:", ["plan"]),
        ("Steer a rollout:", ["pause", "resume", "approve", "open", "reboot", "retry", "rollback", "refresh", "quarantine"]),
        ("Troubleshoot:", ["doctor", "host"]),
        ("Other commands:", ["completion", "help", "version"]),
    ];

    private static readonly Dictionary<string, (string Says, string Line)[]> Examples = new(StringComparer.Ordinal)
    {
        [Ostler] =
        [
            ("See how every rollout stands", "kubectl ostler status"),
            ("Find out what would keep nodes from being upgraded", "kubectl ostler doctor"),
        ],
        [$"{Ostler} status"] =
        [
            ("List all policies, one line each", "kubectl ostler status"),
            ("Follow a rollout until it is complete or halted", "kubectl ostler status edge --watch"),
            ("Show all conditions, durations and notifications", "kubectl ostler status edge -o wide"),
        ],
        [$"{Ostler} nodes"] =
        [
            ("Show what every node runs", "kubectl ostler nodes"),
            ("Show the nodes of one policy with zone, backend and digest", "kubectl ostler nodes edge -o wide"),
        ],
        [$"{Ostler} history"] =
        [
            ("Show what was recorded for a policy, its image and its nodes", "kubectl ostler history edge"),
            ("Show the upgrades and failures of one node", "kubectl ostler history --node node-1"),
        ],
        [$"{Ostler} diff"] =
        [
            ("Show what changes on the nodes of a policy", "kubectl ostler diff edge"),
            ("Show what changes on one node", "kubectl ostler diff edge --node node-1"),
        ],
        [$"{Ostler} plan"] =
        [
            ("Simulate a policy on the cluster as it is", "kubectl ostler plan -f policy.yaml"),
            ("Simulate it on 40 nodes in two zones, without a cluster", "kubectl ostler plan -f policy.yaml --nodes 40 --zones a,b"),
            ("See what happens when 5% of the nodes are unhealthy after the reboot",
                "kubectl ostler plan -f policy.yaml --fail unhealthy=5%"),
        ],
        [$"{Ostler} pause"] = [("Start no further node", "kubectl ostler pause edge")],
        [$"{Ostler} resume"] = [("Continue after a pause", "kubectl ostler resume edge")],
        [$"{Ostler} approve"] =
        [
            ("Approve the wave that waits", "kubectl ostler approve edge"),
            ("Approve a wave in advance", "kubectl ostler approve edge --wave canary"),
        ],
        [$"{Ostler} open"] =
        [
            ("Let nodes be disrupted for two hours, outside of the windows", "kubectl ostler open edge --for 2h"),
            ("Do it in a freeze", "kubectl ostler open edge --for 2h --ignore-freezes"),
            ("Close again before the time is over", "kubectl ostler open edge --for 0"),
        ],
        [$"{Ostler} reboot"] = [("Reboot all nodes of a policy, one slot after the other", "kubectl ostler reboot edge")],
        [$"{Ostler} retry"] = [("Retry the nodes that failed", "kubectl ostler retry edge")],
        [$"{Ostler} rollback"] =
        [
            ("Return to the image that the nodes ran before", "kubectl ostler rollback edge"),
            ("Print the edit and change nothing", "kubectl ostler rollback edge --dry-run"),
        ],
        [$"{Ostler} refresh"] = [("Resolve the tag or ref now, without waiting for the next poll", "kubectl ostler refresh edge-os")],
        [$"{Ostler} quarantine"] =
        [
            ("Keep an image from all nodes", "kubectl ostler quarantine add edge-os 9f3c1a"),
            ("Allow it again", "kubectl ostler quarantine remove edge-os 9f3c1a"),
        ],
        [$"{Ostler} quarantine add"] = [("Keep an image from all nodes", "kubectl ostler quarantine add edge-os 9f3c1a")],
        [$"{Ostler} quarantine remove"] = [("Allow an image again", "kubectl ostler quarantine remove edge-os 9f3c1a")],
        [$"{Ostler} doctor"] =
        [
            ("Check the cluster and print what to do", "kubectl ostler doctor"),
            ("Check an installation in another namespace, for a program", "kubectl ostler doctor -n os-upgrades -o json"),
        ],
        [$"{Ostler} host"] = [("Show the deployments of this host, without the cluster", "kubectl ostler host status")],
        [$"{Ostler} completion"] = [("Load completion into this bash", "source <(kubectl ostler completion bash)")],
        [$"{Ostler} help"] = [("Show the help of a command", "kubectl ostler help quarantine add")],
        [$"{Ostler} version"] =
        [
            ("Show the versions of this program, the controller, the agents and Kubernetes", "kubectl ostler version"),
            ("Show the version of this program alone", "kubectl ostler version --client"),
        ],
    };

    /// <summary>The examples of a command, by the path that is typed. Empty: there is no such command.</summary>
    public static IReadOnlyList<(string Says, string Line)> Of(string path) => Examples.GetValueOrDefault(path) ?? [];

    /// <summary>The heading below which help lists a command.</summary>
    public static string GroupOf(Command parent, Command command) =>
        parent is RootCommand ? Groups.First(g => g.Commands.Contains(command.Name)).Title : "Commands:";
}
