using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeStatusTests : IDisposable
{
    private static readonly string[] Versions = ["lab-2022.7", "lab-2025.2", "lab-2026.4"];

    /// <summary>
    /// Each recorded state and what it says: version and marks, in order; the newest version writes "locked" where 2022.7 says "staged".
    /// </summary>
    private static readonly Dictionary<string, string> States = new()
    {
        ["booted-only"] = "01*",
        ["staged"] = "02s 01*",
        ["staged-locked"] = "02l 01*",
        ["finalized-pending"] = "02 01*",
        ["booted-with-rollback"] = "02* 01",
        ["rollback-queued"] = "01 02*",
        ["staged-booted-pinned-rollback"] = "03s 02* 01p",
        ["booted-rollback-and-pinned"] = "03* 02 01p",
        ["booted-container-origin"] = "03* 02 01p",
        ["booted-no-origin"] = "03* 02 01p",
        ["booted-unlocked-hotfix"] = "03* 02 01p",
        ["not-booted"] = "01",
        ["no-deployments"] = "",
    };

    private readonly TempHost _host = new();

    public static TheoryData<string, string> Recorded =>
        [.. from version in Versions from state in States.Keys select new TheoryDataRow<string, string>(version, state) { Label = $"{version} {state}" }];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Theory, MemberData(nameof(Recorded))]
    public void Every_recorded_state_of_every_recorded_version_is_read(string version, string state)
    {
        Assert.SkipWhen(Shared.Samples is null, Shared.WhyNot);
        var file = Path.Combine(Shared.Samples!, "ostree", version, state);
        Assert.SkipUnless(File.Exists(file + ".txt"), $"{version} has no set-default, and so no such state.");

        // 2022.7 does not say in its list that a staged deployment is locked: the file does.
        var expected = version == "lab-2022.7" && state == "staged-locked" ? "02s 01*" : States[state];
        Assert.Equal(expected, Describe(OstreeStatusText.Parse(File.ReadAllText(file + ".txt"))));
        if (File.Exists(file + ".json"))
        {
            Assert.Equal(expected, Describe(OstreeStatusJson.Parse(File.ReadAllText(file + ".json"))));
        }
    }

    [Theory]
    [InlineData("lab-2022.7")]
    [InlineData("lab-2026.4")]
    public void A_tree_that_was_made_writable_is_told(string version)
    {
        Assert.SkipWhen(Shared.Samples is null, Shared.WhyNot);
        var file = Path.Combine(Shared.Samples!, "ostree", version, "booted-unlocked-hotfix");
        IEnumerable<IReadOnlyList<HostDeployment>?> lists =
            [OstreeStatusText.Parse(File.ReadAllText(file + ".txt")), .. File.Exists(file + ".json") ? [OstreeStatusJson.Parse(File.ReadAllText(file + ".json"))] : Array.Empty<IReadOnlyList<HostDeployment>?>()];

        Assert.All(lists, list => Assert.Equal(["hotfix", null, null], list!.Select(d => d.Mutated)));
    }

    [Fact]
    public void Text_and_JSON_of_the_same_state_say_the_same()
    {
        Assert.SkipWhen(Shared.Samples is null, Shared.WhyNot);
        var folder = Path.Combine(Shared.Samples!, "ostree", "lab-2026.4");
        foreach (var json in Directory.EnumerateFiles(folder, "*.json").Where(f => !f.Contains("gpg", StringComparison.Ordinal)))
        {
            Assert.Equal(OstreeStatusJson.Parse(File.ReadAllText(json)), OstreeStatusText.Parse(File.ReadAllText(Path.ChangeExtension(json, "txt"))));
        }
    }

    [Theory]
    [InlineData("error-boot-not-mounted.txt")]
    [InlineData("error-no-sysroot.txt")]
    [InlineData("error-root-not-a-deployment.txt")]
    [InlineData("upgrade-no-remote.txt")]
    public void Recorded_text_that_is_no_list_is_not_taken_for_one(string file)
    {
        Assert.SkipWhen(Shared.Samples is null, Shared.WhyNot);
        foreach (var version in Versions)
        {
            Assert.Null(OstreeStatusText.Parse(File.ReadAllText(Path.Combine(Shared.Samples!, "ostree", version, file))));
        }
    }

    [Theory]
    [InlineData("booted-only.txt", "1.0*")]
    [InlineData("staged-locked.txt", "2.0s 1.0*")]
    [InlineData("finalized-pending.txt", "2.0 1.0*")]
    [InlineData("booted-with-rollback.txt", "2.0* 1.0")]
    [InlineData("rollback-laid-down-again.txt", "1.0 2.0* 1.0")]
    public void Our_own_recordings_of_2022_7_are_read(string file, string expected) =>
        Assert.Equal(expected, Describe(OstreeStatusText.Parse(Shared.Own(file)), wholeVersion: true));

    [Fact]
    public void Details_of_a_deployment_are_read()
    {
        var first = OstreeStatusText.Parse(Shared.Own("booted-with-rollback.txt"))![0];

        Assert.Equal(("edge", 0, "2.0", "acme:acme/stable/x86_64/edge"), (first.Stateroot, first.Serial, first.Version, first.Reference));
        Assert.Equal(64, first.Digest.Length);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"deployments\":[{\"checksum\":\"x\",\"stateroot\":\"a\"}]}")]
    [InlineData("{\"deployments\":[{\"stateroot\":\"a\"}]}")]
    public void Other_JSON_is_not_taken_for_a_list(string json) => Assert.Null(OstreeStatusJson.Parse(json));

    [Theory]
    [InlineData(2022, 7, "ostree admin status")]
    [InlineData(2023, 8, "ostree admin status")]
    [InlineData(2024, 1, "ostree admin status --skip-signatures")]
    [InlineData(2025, 2, "ostree admin status --skip-signatures")]
    [InlineData(2025, 3, "ostree admin status --json")]
    public async Task The_command_fits_the_version(int year, int number, string command)
    {
        var json = $$"""{"deployments":[{"checksum":"{{HostTrees.Commit(1)}}","stateroot":"edge","booted":true}]}""";
        var runner = new FakeCommandRunner().On(command, command.EndsWith("json", StringComparison.Ordinal) ? json : $"* edge {HostTrees.Commit(1)}.0\n");

        var deployments = await Status(runner, year, number).ReadAsync(Token);

        Assert.Equal(HostTrees.Commit(1), deployments.Booted?.Digest);
    }

    [Fact]
    public async Task The_locks_file_locks_whatever_the_list_says()
    {
        _host.Put("/run/ostree/staged-deployment-locked", "");
        var runner = new FakeCommandRunner().On("ostree admin status", Shared.Own("staged-locked.txt"));

        Assert.True((await Status(runner).ReadAsync(Token)).Staged?.Locked);
        _host.Files.Delete("/run/ostree/staged-deployment-locked");
        Assert.False((await Status(runner).ReadAsync(Token)).Staged?.Locked);
    }

    [Fact]
    public async Task A_list_that_ends_at_an_unsigned_commit_is_read_as_far_as_it_goes()
    {
        const string words = "error: GPG verification enabled, but no signatures found (use gpg-verify=false in remote config to disable)";
        var runner = new FakeCommandRunner().On("ostree admin status", Shared.Own("booted-only.txt"), exitCode: 1, stderr: words);

        Assert.Equal("1.0", (await Status(runner).ReadAsync(Token)).Booted?.Version);
    }

    [Fact]
    public async Task A_failure_has_ostrees_own_words()
    {
        var runner = new FakeCommandRunner().On(
            "ostree admin status", exitCode: 1, stderr: "error: loading sysroot: Unexpected state: /run/ostree-booted found, but no /boot/loader directory\n");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Status(runner).ReadAsync(Token));

        Assert.Equal(Reasons.HostToolFailed, failure.Reason);
        Assert.Contains("no /boot/loader directory", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_that_cannot_be_read_is_a_failure_and_not_a_host_without_deployments()
    {
        var runner = new FakeCommandRunner().On("ostree admin status", "Segmentation fault\n");

        await Assert.ThrowsAsync<HostToolException>(() => Status(runner).ReadAsync(Token));
    }

    private OstreeStatus Status(FakeCommandRunner runner, int year = 2022, int number = 7) =>
        new(Given.OstreeCommands(runner, _host.Files), new OstreeVersion(year, number), _host.Files);

    private static string Describe(IReadOnlyList<HostDeployment>? deployments, bool wholeVersion = false)
    {
        Assert.NotNull(deployments);
        Assert.Equal(Enumerable.Range(0, deployments.Count), deployments.Select(d => d.Index));
        return string.Join(' ', deployments.Select(d =>
            (wholeVersion ? d.Version : d.Version![9..11])
            + (d.Booted ? "*" : "") + (d.Locked ? "l" : d.Staged ? "s" : "") + (d.Pinned ? "p" : "")));
    }
}
