using Ostler.Agent.Backends;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Backends;

public sealed class BackendDetectionTests : IDisposable
{
    private const string Managed = BootcDocuments.Booted;
    private const string Layered = """{"kind":"BootcHost","status":{"booted":{"image":null,"incompatible":true,"ostree":{"checksum":"CCC","deploySerial":0}}}}""";
    private const string Foreign = """{"kind":"BootcHost","status":{"booted":null,"staged":null,"rollback":null}}""";

    private static readonly HostBoot Boot = new(HostTrees.FirstBoot, HostTrees.Noon);

    private readonly TempHost _host = new();

    public void Dispose() => _host.Dispose();

    /// <summary>What is installed, what bootc says, what the label says, and what comes of it.</summary>
    [Theory]
    [InlineData("bootc rpm-ostree", Managed, null, "bootc 1.12.0")]
    [InlineData("bootc rpm-ostree", Layered, null, "rpm-ostree 2024.6")]
    [InlineData("bootc rpm-ostree", Foreign, null, "rpm-ostree 2024.6")]
    [InlineData("bootc", Foreign, null, "ostree 2022.7")]
    [InlineData("rpm-ostree", Foreign, null, "rpm-ostree 2024.6")]
    [InlineData("", Foreign, null, "ostree 2022.7")]
    [InlineData("bootc rpm-ostree", Managed, "rpm-ostree", "rpm-ostree 2024.6")]
    [InlineData("bootc rpm-ostree", Managed, "ostree", "ostree 2022.7")]
    [InlineData("bootc rpm-ostree", Managed, "bootc", "bootc 1.12.0")]
    public async Task The_tool_that_manages_what_runs_is_found_unless_the_label_names_one(string installed, string bootc, string? label, string expected)
    {
        var backend = await DetectAsync(installed, bootc, label);

        Assert.Equal(expected, $"{backend.Name} {backend.Version}");
    }

    [Theory]
    [InlineData("rpm-ostree", Foreign, "bootc", Reasons.HostNotSupported, "not installed")]
    [InlineData("bootc rpm-ostree", Layered, "bootc", Reasons.HostNotSupported, "layered")]
    [InlineData("bootc", Managed, "rpm-ostree", Reasons.HostNotSupported, "not installed")]
    [InlineData("bootc", Managed, "zypper", Reasons.Invalid, "\"zypper\": set it to bootc, rpm-ostree or ostree")]
    [InlineData("bootc", Managed, "", Reasons.Invalid, "remove it")]
    public async Task A_label_that_is_not_so_is_told_with_what_to_write_instead(string installed, string bootc, string label, string reason, string words)
    {
        var failure = await Assert.ThrowsAsync<HostToolException>(() => DetectAsync(installed, bootc, label));

        Assert.Equal(reason, failure.Reason);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Contains(NodeMarks.BackendLabel, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>As /proc/1/root of a pod without privileges: it used to be said that /run/ostree-booted is not there.</summary>
    [Fact]
    public async Task A_host_that_cannot_be_looked_at_is_not_taken_for_one_without_OSTree()
    {
        var files = new HostFiles(Path.Combine(_host.Root, "not", "there"));
        var runner = Runner("");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => new BackendDetection(runner, files, new StagingUnit(runner, files, new TestClock(HostTrees.Noon))).DetectAsync(null, Boot, TestContext.Current.CancellationToken));

        Assert.Equal(Reasons.HostNotSupported, failure.Reason);
        Assert.StartsWith("The host cannot be inspected: ", failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("In a container, the agent needs hostPID and privileged. Nothing is done to the host.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bootc_that_does_not_answer_hands_its_host_to_no_other_tool()
    {
        _host.Put("/usr/bin/bootc", "");
        _host.Put("/usr/bin/rpm-ostree", "");
        var runner = Runner("").Fail("bootc status --json --format-version=1", "error: Computing status: Rollback deployment: Missing base image ref ostree/container/blob/x");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => DetectAsync(runner, null));

        Assert.Equal(Reasons.HostToolFailed, failure.Reason);
    }

    /// <summary>As recorded of bootc 0.1.13 and 0.1.14; both have the older form of the command.</summary>
    [Theory]
    [InlineData("error: unexpected argument '--format-version' found\n\nUsage: bootc status [OPTIONS]\n\nFor more information, try '--help'.", "bootc 1.12.0")]
    [InlineData("ERROR Status: Unsupported format version: 1", "bootc 1.12.0")]
    public async Task An_old_bootc_is_asked_as_its_version_understands(string stderr, string expected)
    {
        _host.Put("/usr/bin/bootc", "");
        _host.Put("/usr/bin/rpm-ostree", "");
        var runner = Runner("").Fail("bootc status --json --format-version=1", stderr).On("bootc status --json", Managed.Replace("CCC", HostTrees.Commit(1), StringComparison.Ordinal));

        var backend = await DetectAsync(runner, null);

        Assert.Equal(expected, $"{backend.Name} {backend.Version}");
        Assert.Contains("bootc status --json", runner.Ran);
    }

    /// <summary>A bootc that this agent cannot drive at all: too old, too new, or broken.</summary>
    [Theory]
    [InlineData("bootc rpm-ostree", "error: unexpected argument '--json' found", "rpm-ostree 2024.6")]
    [InlineData("bootc rpm-ostree", "Hello\nworld", "rpm-ostree 2024.6")]
    [InlineData("bootc", "error: unexpected argument '--json' found", null)]
    [InlineData("bootc", "Hello\nworld", null)]
    public async Task A_host_with_several_tools_falls_through_to_the_next_that_manages_it(string installed, string says, string? expected)
    {
        foreach (var tool in installed.Split(' '))
        {
            _host.Put("/usr/bin/" + tool, "");
        }

        var runner = Runner(says).On("ostree admin status", $"* edge {HostTrees.Commit(1)}.0\n    origin: <unknown origin type>\n");
        if (says.StartsWith("error", StringComparison.Ordinal))
        {
            runner.Fail("bootc status", says).Fail("bootc status --json --format-version=1", says);
        }

        if (expected is not null)
        {
            var backend = await DetectAsync(runner, null);
            Assert.Equal(expected, $"{backend.Name} {backend.Version}");
            return;
        }

        var failure = await Assert.ThrowsAsync<HostToolException>(() => DetectAsync(runner, null));
        Assert.StartsWith("bootc 1.12.0 cannot be used: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(says.Split('\n')[0], failure.Message, StringComparison.Ordinal);
        Assert.Contains(NodeMarks.BackendLabel, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_follows_a_branch_is_plain_ostrees_whatever_else_is_broken_on_it()
    {
        _host.Put("/usr/bin/bootc", "");
        _host.Put("/usr/bin/rpm-ostree", "");
        var runner = Runner("not JSON").Fail("rpm-ostree --version", "error while loading shared libraries: librpm.so.10")
            .On("ostree admin status", $"* edge {HostTrees.Commit(1)}.0\n    origin refspec: acme:edge\n");

        Assert.Equal("ostree", (await DetectAsync(runner, null)).Name);
    }

    [Fact]
    public async Task A_host_without_ostree_is_not_touched()
    {
        _host.Files.Delete("/run/ostree-booted");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => DetectAsync(new ScriptedRunner(), null));

        Assert.Equal(Reasons.HostNotSupported, failure.Reason);
    }

    private Task<IHostBackend> DetectAsync(string installed, string bootc, string? label)
    {
        foreach (var tool in installed.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            _host.Put("/usr/bin/" + tool, "");
        }

        return DetectAsync(Runner(bootc), label);
    }

    private Task<IHostBackend> DetectAsync(ScriptedRunner runner, string? label) =>
        new BackendDetection(runner, _host.Files, Given.Unit(runner, _host.Files)).DetectAsync(label, Boot, TestContext.Current.CancellationToken);

    private static ScriptedRunner Runner(string bootc) => new ScriptedRunner()
        .On("ostree --version", "libostree:\n Version: '2022.7'\n")
        .On("bootc --version", "bootc 1.12.0\n")
        .On("rpm-ostree --version", "rpm-ostree:\n Version: '2024.6'\n")
        .On("bootc status --json --format-version=1", bootc.Replace("CCC", HostTrees.Commit(1), StringComparison.Ordinal));
}
