using System.Diagnostics;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

/// <summary>A test process is killed; its control plane must not stay behind.</summary>
public sealed class CrashTests
{
    private const string ReportVariable = "OSTLER_TEST_CRASH_REPORT";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_control_plane_dies_with_the_test_process_and_the_next_start_removes_its_folder()
    {
        var report = Path.GetTempFileName();
        try
        {
            using var process = StartVictim(report);
            var folder = await Eventually.GetAsync(
                "the other test process has a cluster",
                async token => process.HasExited
                    ? throw new InvalidOperationException($"It ended: {await process.StandardOutput.ReadToEndAsync(token)}")
                    : await File.ReadAllTextAsync(report, token) is { Length: > 0 } path ? path : null,
                TimeSpan.FromSeconds(90),
                Token);
            var components = Directory.EnumerateFiles(folder, "*.pid").Select(f => ProcessIdentity.TryParse(File.ReadAllText(f))!.Value).ToList();
            Assert.Equal(2, components.Count);
            Assert.All(components, c => Assert.True(c.IsAlive));

            process.Kill();
            await process.WaitForExitAsync(Token);
            await Eventually.GetAsync(
                "all components are gone",
                _ => Task.FromResult(components.Any(c => c.IsAlive) ? null : "gone"),
                TimeSpan.FromSeconds(10),
                Token);
            Assert.True(Directory.Exists(folder));
            RunFolder.Sweep(RunFolder.Root);

            Assert.False(Directory.Exists(folder));
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>Not a test: what the other process runs until it is killed.</summary>
    [Fact(Explicit = true)]
    public async Task Victim()
    {
        var report = Environment.GetEnvironmentVariable(ReportVariable);
        Assert.SkipWhen(report is null, "only for the test above");
        await using var cluster = await TestCluster.StartAsync(new() { Components = ControlPlaneComponents.ApiServer }, Token);
        await File.WriteAllTextAsync(report, cluster.LogFolder, Token);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, Token);
    }

    private static Process StartVictim(string report)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!, ["-explicit", "only", "-method", $"{typeof(CrashTests).FullName}.{nameof(Victim)}"])
        {
            RedirectStandardOutput = true,
            Environment = { [ReportVariable] = report },
        };
        return Process.Start(info)!;
    }
}
