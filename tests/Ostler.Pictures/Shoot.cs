using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Playground;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;
using Spectre.Console;

namespace Ostler.Pictures;

/// <summary>
/// Runs <c>make demo</c>: a rollout that succeeds and one that rolls back. Meanwhile a terminal and the console are recorded.
/// </summary>
internal static class Shoot
{
    private const double Speed = 3;

    private static readonly (int Columns, int Rows) Terminal = (104, 22);

    // What is watched need not change while a node is given time to become healthy.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <returns>Whether the demo succeeded: pictures of one that did not are not to be shown.</returns>
    public static async Task<bool> RunAsync(string folder, CancellationToken cancellationToken)
    {
        if (!HostTools.EnsureInstalled("termtosvg", "termtosvg"))
        {
            throw new InvalidOperationException("termtosvg renders the recording and cannot be installed here: apt-get install termtosvg.");
        }

        var options = new DemoOptions(Nodes: 6, IntOrPercent.Count(2), "rolling", HostTool.Ostree, Keep: false);
        AnsiConsole.Profile.Width = 1000;
        await using var demo = await Demo.StartAsync(options, new Live(AnsiConsole.Console, TimeProvider.System), cancellationToken);
        await using var camera = await ConsoleCamera.StartAsync(folder, cancellationToken);
        var programs = await ProgramsAsync(cancellationToken);
        try
        {
            var playing = demo.RunAsync(cancellationToken);
            var recording = Task.WhenAll(
                PhotographAsync(demo, camera, cancellationToken), FilmAsync(demo, folder, programs, cancellationToken));
            if (await Task.WhenAny(playing, recording) == playing && !await playing)
            {
                return false;
            }

            await recording;
            return await playing;
        }
        finally
        {
            Directory.Delete(programs, recursive: true);
        }
    }

    private static async Task PhotographAsync(Demo demo, ConsoleCamera camera, CancellationToken cancellationToken)
    {
        var page = new Uri(demo.Fleet.ConsoleAddress!, $"#/policies/{Scene.Policy}");
        await PolicyAsync(demo, status => status is { Nodes: { Updated: >= 2, Updating: 2 } }, cancellationToken);
        await camera.TakeAsync(page, "console-rollout", ".progress", height: 760);
        await PolicyAsync(demo, IsHalted, cancellationToken);
        await camera.TakeAsync(page, "console-halted", ".progress", height: 760);
    }

    private static async Task FilmAsync(Demo demo, string folder, string programs, CancellationToken cancellationToken)
    {
        await using var terminal = TerminalRecording.Start(Terminal, new Dictionary<string, string>
        {
            ["KUBECONFIG"] = demo.Fleet.Cluster.KubeconfigPath,
            ["PATH"] = $"{programs}:{Environment.GetEnvironmentVariable("PATH")}",
        });
        await PolicyAsync(demo, status => status is { Target.Version: "2.0", Nodes.Total: > 0 }, cancellationToken);
        await terminal.RunAsync($"kubectl ostler status {Scene.Policy} --watch", cancellationToken);
        await PolicyAsync(demo, status => status is { Target.Version: "3.0", InFlight.Count: > 0 }, cancellationToken);
        await terminal.RunAsync("clear", cancellationToken);
        await terminal.RunAsync($"kubectl ostler status {Scene.Policy} --watch", cancellationToken);
        await PolicyAsync(demo, IsHalted, cancellationToken);
        await terminal.RunAsync("kubectl get nodeos", cancellationToken);

        var cast = Path.Combine(programs, "rollout.cast");
        await terminal.SaveAsync(cast, Speed);
        await RenderAsync(cast, Path.Combine(folder, "rollout.svg"), cancellationToken);
    }

    private static bool IsHalted(UpgradePolicyStatus status) =>
        status.Conditions.IsTrue(ConditionTypes.Halted) && status.InFlight is not { Count: > 0 };

    private static Task<UpgradePolicy?> PolicyAsync(
        Demo demo, Func<UpgradePolicyStatus, bool> holds, CancellationToken cancellationToken) =>
        demo.Fleet.Api.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(Scene.Policy),
            policy => policy?.Status is { } status && holds(status), cancellationToken, Patience);

    /// <summary>A folder with kubectl and its plugin.</summary>
    private static async Task<string> ProgramsAsync(CancellationToken cancellationToken)
    {
        var (kubectl, whyNot) = await KubernetesTools.FindKubectlAsync(cancellationToken);
        var folder = Directory.CreateTempSubdirectory("ostler-pictures-").FullName;
        File.CreateSymbolicLink(Path.Combine(folder, "kubectl"), kubectl ?? throw new InvalidOperationException(whyNot));

        // From its own output: here it would find the assemblies of this program.
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var plugin = Path.Combine(Repository.Root, "artifacts", "bin", "Ostler.Cli", configuration, "kubectl-ostler");
        File.CreateSymbolicLink(Path.Combine(folder, "kubectl-ostler"), plugin);
        return folder;
    }

    private static async Task RenderAsync(string cast, string picture, CancellationToken cancellationToken)
    {
        // The last frame stays long enough to be read.
        using var process = Process.Start("termtosvg", ["render", cast, picture, "--template", "window_frame", "--loop-delay", "6000"]);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"termtosvg exited with {process.ExitCode}.");
        }

        // The template has shades of grey for the bright colours, of which some are hardly seen on its background.
        var drawn = await File.ReadAllTextAsync(picture, cancellationToken);
        var palette = Regex.Matches(drawn, @"\.color([1-6]) \{fill: (#[0-9a-f]{6})\}")
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var bright = Regex.Replace(
            drawn, @"\.color(9|1[0-4]) \{fill: #[0-9a-f]{6}\}", colour => BrightOf(colour.Groups[1].Value, palette));
        await File.WriteAllTextAsync(picture, bright, cancellationToken);
    }

    private static string BrightOf(string colour, Dictionary<string, string> palette)
    {
        var plain = int.Parse(colour, CultureInfo.InvariantCulture) - 8;
        return $".color{colour} {{fill: {palette[plain.ToString(CultureInfo.InvariantCulture)]}}}";
    }
}
