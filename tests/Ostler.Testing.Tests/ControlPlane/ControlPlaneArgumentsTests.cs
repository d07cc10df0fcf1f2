using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class ControlPlaneArgumentsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ostler-arguments-");
    private readonly RunFolder _folder;
    private readonly ControlPlaneLayout _layout;

    public ControlPlaneArgumentsTests()
    {
        _folder = RunFolder.Create(_root.FullName);
        _layout = new()
        {
            Folder = _folder,
            EtcdClientPort = 1,
            EtcdPeerPort = 2,
            ApiServerPort = 3,
            ControllerManagerPort = 4,
            SchedulerPort = 5,
        };
    }

    /// <summary>The port is open on all interfaces up to 1.22, the flag is refused from 1.24 on.</summary>
    public static TheoryData<string, bool> InsecurePorts => new()
    {
        { "v1.20.2", true },
        { "v1.22.17", true },
        { "v1.23.0", false },
        { "v1.24.0", false },
        { "v1.36.2", false },
    };

    [Theory]
    [MemberData(nameof(InsecurePorts))]
    public void The_insecure_port_is_closed_where_there_still_is_one(string version, bool closed)
    {
        var parsed = KubernetesVersion.Parse(version);

        Assert.Equal(closed, ControlPlaneArguments.ControllerManager(_layout, parsed, new()).Contains("--port=0"));
        Assert.Equal(closed, ControlPlaneArguments.Scheduler(_layout, parsed, new()).Contains("--port=0"));
    }

    [Theory]
    [InlineData("v1.20.2")]
    [InlineData("v1.36.2")]
    public void No_removed_flag_is_given_to_any_version(string version)
    {
        // Removed in 1.24, 1.27 and 1.31; with any of them a newer component refuses to start.
        string[] removed = ["--insecure-port", "--address", "--pod-eviction-timeout", "--enable-taint-manager", "--feature-gates", "--cloud-provider"];
        var parsed = KubernetesVersion.Parse(version);

        var flags = ControlPlaneArguments.ApiServer(_layout, new())
            .Concat(ControlPlaneArguments.ControllerManager(_layout, parsed, new()))
            .Concat(ControlPlaneArguments.Scheduler(_layout, parsed, new()))
            .Select(argument => argument.Split('=')[0]);

        Assert.Empty(flags.Intersect(removed));
    }

    [Fact]
    public void Node_timings_reach_the_controller_manager_and_the_API_server()
    {
        var options = new TestClusterOptions
        {
            NodeLifecycle = new() { MonitorPeriod = TimeSpan.FromMilliseconds(250), MonitorGracePeriod = TimeSpan.FromSeconds(2.5), PodToleration = TimeSpan.FromSeconds(3) },
        };

        var controllerManager = ControlPlaneArguments.ControllerManager(_layout, new(1, 20, 2), options).ToList();
        var apiServer = ControlPlaneArguments.ApiServer(_layout, options).ToList();

        Assert.Contains("--node-monitor-period=250ms", controllerManager);
        Assert.Contains("--node-monitor-grace-period=2500ms", controllerManager);
        Assert.Contains("--default-not-ready-toleration-seconds=3", apiServer);
        Assert.Contains("--default-unreachable-toleration-seconds=3", apiServer);
    }

    [Fact]
    public void Pods_need_no_service_account_when_nothing_would_make_one()
    {
        var alone = ControlPlaneArguments.ApiServer(_layout, new() { Components = ControlPlaneComponents.ApiServer });
        var complete = ControlPlaneArguments.ApiServer(_layout, new());

        Assert.Contains("--disable-admission-plugins=ServiceAccount", alone);
        Assert.DoesNotContain("--disable-admission-plugins=ServiceAccount", complete);
    }

    [Fact]
    public void Arguments_of_the_test_come_last()
    {
        var arguments = ControlPlaneArguments.ApiServer(_layout, new() { ApiServerArguments = ["--profiling=true"] }).ToList();

        Assert.Equal("--profiling=true", arguments[^1]);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _root.Delete(recursive: true);
    }
}
