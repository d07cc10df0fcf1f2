using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class OsTreeRepositoryTests : HostTest
{
    [Fact]
    public async Task The_same_trees_have_the_same_checksums_in_every_run()
    {
        await using var other = await OstreeLab.StartAsync(Token);

        var here = await CommitAsync(OsTree.Of("1.0").WithPayload(1000));
        var there = await other.Repository.CommitAsync(OsTree.Of("1.0").WithPayload(1000), Token);

        Assert.Equal(here, there);
    }

    [Fact]
    public async Task Requests_are_told_apart_by_host()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var one = await BootedHostAsync(v1, "one");
        var two = await BootedHostAsync(v1, "two");

        await PullAsync(one, v2);

        Assert.Contains(Lab.Repository.Requests, request => request is { Host: "one", Status: 200 } && request.Path.EndsWith(".commit", StringComparison.Ordinal));
        Assert.DoesNotContain(Lab.Repository.Requests, request => request.Host == two.Name);
    }

    [Fact]
    public async Task An_archive_repository_is_served_to_anybody_by_its_common_URL()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        using var client = new HttpClient();

        var checksum = await client.GetStringAsync(new Uri($"{Lab.Repository.Url}/refs/heads/{OsTreeRepository.DefaultRef}"), Token);
        var config = await client.GetStringAsync(new Uri(Lab.Repository.Url + "/config"), Token);
        var outside = await client.GetAsync(new Uri(Lab.Repository.Url + "/..%2fscripts/boot.sh"), Token);

        Assert.Equal(v1.Checksum, checksum.Trim());
        Assert.Contains("mode=archive", config, StringComparison.Ordinal);
        Assert.Equal(404, (int)outside.StatusCode);
    }

    public static IEnumerable<TheoryDataRow<RepositoryFault, string>> Failures() =>
    [
        new(RepositoryFault.NotFound, "404") { Label = "404" },
        new(RepositoryFault.Unavailable, "503") { Label = "503" },
        new(RepositoryFault.DropMidObject, "While fetching") { Label = "broken connection" },
    ];

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task A_failing_download_fails_on_that_host_alone_and_works_when_the_fault_is_lifted(RepositoryFault fault, string message)
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var sick = await BootedHostAsync(v1, "sick");
        var well = await BootedHostAsync(v1, "well");

        using (Lab.Repository.Inject(fault, "sick"))
        {
            // Retries of libostree's own would only make the same answer come later.
            var pull = await sick.RunAsync(["ostree", "pull", "--network-retries=0", OstreeHost.RemoteName, v2.Checksum], Token);
            Assert.Equal(1, pull.ExitCode);
            Assert.Contains(message, pull.Stderr, StringComparison.Ordinal);
            await PullAsync(well, v2);
        }

        await PullAsync(sick, v2);
    }

    [Fact]
    public async Task A_stalled_download_waits_until_the_fault_is_lifted()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        var fault = Lab.Repository.Inject(RepositoryFault.Stall, host.Name, "objects/");

        var pull = await host.StartProcessAsync(["ostree", "pull", OstreeHost.RemoteName, v2.Checksum]);
        await Lab.Repository.StalledAsync(host.Name, Token);
        Assert.False(pull.Exited.IsCompleted);
        fault.Dispose();

        Assert.Equal(0, await pull.Exited.WaitAsync(Token));
    }

    [Fact]
    public async Task A_slow_download_arrives_whole()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0").WithFile("usr/lib/lab/one", "1").WithKernel("1.0"));
        var host = await BootedHostAsync(v1);
        using var fault = Lab.Repository.Inject(RepositoryFault.Slow, host.Name);

        await PullAsync(host, v2);

        await RunAsync(host, "ostree", "fsck", "--quiet", v2.Checksum);
    }

    [Fact]
    public async Task Staging_fails_on_a_host_with_that_fault()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        host.Inject(HostFault.StagingFails);

        var pull = await host.RunAsync(["ostree", "pull", "--network-retries=0", OstreeHost.RemoteName, v2.Ref], Token);
        Assert.Contains("503", pull.Stderr, StringComparison.Ordinal);
        host.Clear(HostFault.StagingFails);

        await StageAsync(host, v2);
    }
}
