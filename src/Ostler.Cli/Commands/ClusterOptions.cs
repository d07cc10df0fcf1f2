using System.CommandLine;

namespace Ostler.Cli.Commands;

/// <summary>Which cluster: options of every command.</summary>
internal sealed class ClusterOptions
{
    public Option<string?> Kubeconfig { get; } = new("--kubeconfig")
    {
        Description = "The kubeconfig file. Default: $KUBECONFIG, then ~/.kube/config, then the service account of the pod",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> Context { get; } = new("--context") { Description = "The kubeconfig context. Default: the current one", HelpName = "NAME", Recursive = true };
}
