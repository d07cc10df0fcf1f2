using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests.Support;

internal static class Kubectl
{
    /// <summary>What <c>kubectl apply -k</c> would send; skips the test where there is no kubectl.</summary>
    public static async Task<string> KustomizeAsync(string folder, CancellationToken cancellationToken)
    {
        var (kubectl, whyNot) = await KubernetesTools.FindKubectlAsync(cancellationToken);
        Assert.SkipWhen(kubectl is null, whyNot);
        return (await ToolCommand.RunAsync([kubectl!, "kustomize", folder], cancellationToken)).EnsureSuccess().Stdout;
    }
}
