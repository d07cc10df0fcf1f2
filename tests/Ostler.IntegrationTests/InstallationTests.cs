using Ostler.IntegrationTests.Support;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.IntegrationTests;

/// <summary>What <c>helm test</c> runs, against a cluster with a real API server, a controller and an agent.</summary>
public sealed class InstallationTests
{
    [Fact]
    public async Task A_working_installation_passes_with_no_more_than_the_controller_s_rights()
    {
        await using var rig = await Rig.StartAsync(1);
        var kubeconfig = await rig.Fleet.Cluster.ServiceAccountKubeconfigAsync(Installation.Namespace, "ostler-controller", cancellationToken: Rig.Cancel);

        var result = await ToolCommand.RunAsync(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "ostler-controller.dll"), "--check-installation", $"--kubeconfig={kubeconfig}"], Rig.Cancel);

        Assert.True(result.ExitCode == 0, result.Stdout + result.Stderr);
        Assert.Contains("controller-1", result.Stdout, StringComparison.Ordinal);
        Assert.Contains("ok:     1 of 1 Linux nodes have an agent that reports.", result.Stdout, StringComparison.Ordinal);
    }
}
