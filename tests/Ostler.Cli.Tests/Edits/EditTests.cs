using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Edits;
using Ostler.Cli.Hosting;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Edits;

/// <summary>Every action is an edit of a declared field, and nothing else.</summary>
public class EditTests
{
    private const string Denied = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
    private const string Failed = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    [Fact]
    public void Pause_and_resume_set_one_field_and_do_nothing_twice()
    {
        var (going, paused) = (Given.Policy(), Given.Policy(spec: s => s with { Paused = true }));

        Assert.Equal("""{"spec":{"paused":true}}""", PolicyEdits.Pause(going).Change.ToJsonString());
        Assert.Equal("""{"spec":{"paused":false}}""", PolicyEdits.Resume(paused).Change.ToJsonString());
        Assert.True(PolicyEdits.Pause(paused).IsNothing);
        Assert.True(PolicyEdits.Resume(going).IsNothing);
    }

    [Fact]
    public void Approve_takes_the_wave_that_waits_and_the_tree_that_it_waits_with_and_keeps_the_other_approvals()
    {
        var policy = Given.Policy(status: Given.WaitsForApproval("second"), spec: s => Given.Manual(s, "first", "second"));
        policy = policy with { Spec = policy.Spec with { Rollout = policy.Spec.Rollout with { Approvals = [new() { Wave = "first", Digest = Given.New }, new() { Wave = "second", Digest = Given.Old }] } } };

        var edit = PolicyEdits.Approve(policy, null, null);

        Assert.Equal($$$$$"""{"spec":{"rollout":{"approvals":[{"wave":"first","digest":"{{{{{Given.New}}}}}"},{"wave":"second","digest":"{{{{{Given.New}}}}}"}]}}}""", edit.Change.ToJsonString());
        Assert.Equal("Wave second of edge is approved for 42.2 (424242424242).", edit.Says);
        Assert.True(PolicyEdits.Approve(policy, "first", Given.New).IsNothing);
    }

    [Theory]
    [InlineData("third", null, "edge has no wave third with approval: Manual. It has: first, second.")]
    [InlineData(null, Given.Old, $"The target of edge is {Given.New}, not {Given.Old}. An approval for another digest has no effect. Check kubectl ostler status edge.")]
    public void Approve_refuses_what_would_open_nothing(string? wave, string? digest, string message)
    {
        var policy = Given.Policy(status: Given.WaitsForApproval("second"), spec: s => Given.Manual(s, "first", "second"));

        Assert.Equal(message, Assert.Throws<CommandException>(() => PolicyEdits.Approve(policy, wave, digest)).Message);
    }

    [Fact]
    public void Approve_says_why_there_is_nothing_to_approve()
    {
        Assert.StartsWith("edge has no target yet (Unobserved)", Refusal(Given.Policy()), StringComparison.Ordinal);
        Assert.StartsWith("edge has no wave with approval: Manual", Refusal(Given.Policy(status: Given.RollingOut)), StringComparison.Ordinal);
        Assert.Equal(
            "No wave of edge waits for approval now (RollingOut). To approve one in advance, name it with --wave: first.", Refusal(Given.Policy(status: Given.RollingOut, spec: s => Given.Manual(s, "first"))));

        static string Refusal(UpgradePolicy policy) => Assert.Throws<CommandException>(() => PolicyEdits.Approve(policy, null, null)).Message;
    }

    [Fact]
    public void Reboot_sets_the_time_before_which_nodes_must_not_have_booted()
    {
        var edit = PolicyEdits.Reboot(Given.Policy(), Given.Now);

        Assert.Equal("""{"spec":{"rollout":{"rebootBefore":"2026-12-01T12:00:00Z"}}}""", edit.Change.ToJsonString());
        Assert.Contains("booted before 2026-12-01T12:00:00Z reboot", edit.Says, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_sets_until_when_and_says_which_freeze_still_applies()
    {
        var windows = Given.Policy(spec: s => s with { Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(60) }] });
        var frozen = windows
            with
        { Spec = windows.Spec with { Freezes = [new() { From = Given.Now.AddHours(1), To = Given.Now.AddDays(9) }] } };

        var edit = PolicyEdits.Open(windows, TimeSpan.FromHours(2), false, Given.Now);
        Assert.Equal("""{"spec":{"rollout":{"openUntil":"2026-12-01T14:00:00Z"}}}""", edit.Change.ToJsonString());
        Assert.Empty(edit.Next);

        edit = PolicyEdits.Open(frozen, TimeSpan.FromHours(2), false, Given.Now);
        Assert.Equal(
            "The freeze from 2026-12-01T13:00:00Z to 2026-12-10T12:00:00Z still applies. To ignore it as well, add --ignore-freezes.",
            Assert.Single(edit.Next));

        edit = PolicyEdits.Open(frozen, TimeSpan.FromHours(2), true, Given.Now);
        Assert.Equal("""{"spec":{"rollout":{"openUntil":"2026-12-01T14:00:00Z","ignoreFreezes":true}}}""", edit.Change.ToJsonString());
        Assert.Equal("edge is open until 2026-12-01T14:00:00Z, freezes included. A node gets a slot only if it will be done by then.",
            edit.Says);
    }

    [Fact]
    public void Open_again_does_not_keep_ignoring_freezes_and_closes_with_zero()
    {
        var opened = Given.Policy(spec: s => s with
        {
            Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(60) }],
            Rollout = s.Rollout with { OpenUntil = Given.Now.AddMinutes(5), IgnoreFreezes = true },
        });

        Assert.Equal("""{"spec":{"rollout":{"openUntil":"2026-12-01T13:00:00Z","ignoreFreezes":false}}}""",
            PolicyEdits.Open(opened, TimeSpan.FromHours(1), false, Given.Now).Change.ToJsonString());
        Assert.Equal("""{"spec":{"rollout":{"openUntil":null,"ignoreFreezes":null}}}""",
            PolicyEdits.Open(opened, TimeSpan.Zero, false, Given.Now).Change.ToJsonString());
        Assert.True(PolicyEdits.Open(opened, TimeSpan.Zero, false, Given.Now.AddMinutes(5)).IsNothing);
    }

    [Fact]
    public void Open_has_nothing_to_do_without_windows_and_freezes_and_knows_the_calendars_end()
    {
        Assert.True(PolicyEdits.Open(Given.Policy(), TimeSpan.FromHours(2), true, Given.Now).IsNothing);
        var windows = Given.Policy(spec: s => s with { Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(60) }] });
        Assert.Equal(ExitCode.Usage,
            Assert.Throws<CommandException>(() => PolicyEdits.Open(windows, TimeSpan.MaxValue, false, Given.Now)).ExitCode);
    }

    [Fact]
    public void Retry_covers_a_failure_that_the_controllers_clock_put_after_ours()
    {
        var ahead = Given.Halted with { FailedDigests = [new() { Digest = Given.New, Reason = Reasons.HealthTimedOut, At = Given.Now.AddSeconds(20) }] };

        Assert.Equal("""{"spec":{"rollout":{"retryFailuresBefore":"2026-12-01T12:00:00Z"}}}""",
            PolicyEdits.Retry(Given.Policy(status: Given.Halted), null, Given.Now).Change.ToJsonString());
        Assert.Equal("""{"spec":{"rollout":{"retryFailuresBefore":"2026-12-01T12:00:20Z"}}}""",
            PolicyEdits.Retry(Given.Policy(status: ahead), null, Given.Now).Change.ToJsonString());
    }

    [Theory]
    [InlineData("edge", false, null)]
    [InlineData("other", false, "42.2 (424242424242) is quarantined in OSImage edge-os: policy other failed with it (HealthTimedOut). A "
        + "retry of edge does not change that. To allow it again: kubectl ostler quarantine remove edge-os 424242424242")]
    [InlineData("edge", true, "42.2 (424242424242) is quarantined in OSImage edge-os: spec.quarantine.deny lists it. A retry of edge does "
        + "not change that. To allow it again: kubectl ostler quarantine remove edge-os 424242424242")]
    public void Retry_names_the_quarantine_that_it_would_not_lift(string by, bool denied, string? refusal)
    {
        var image = Given.Image(
            denied ? new() { Deny = [Given.New] } : null,
            new()
            {
                Resolved = Given.Resolved(Given.New, "42.2"),
                Quarantined = [new() { Digest = Given.New, Reason = Reasons.HealthTimedOut, Policy = by,
                Since = Given.Now.AddMinutes(3) }]
            });

        FieldEdit Retry() => PolicyEdits.Retry(Given.Policy(status: Given.Halted), image, Given.Now);

        if (refusal is null)
        {
            // Late enough for the entry, which another clock has written.
            Assert.Equal("""{"spec":{"rollout":{"retryFailuresBefore":"2026-12-01T12:03:00Z"}}}""", Retry().Change.ToJsonString());
        }
        else
        {
            var failure = Assert.Throws<CommandException>(Retry);
            Assert.Equal((refusal, 1), (failure.Message, failure.ExitCode));
        }
    }

    [Fact]
    public void Refresh_writes_the_moment_into_an_annotation()
    {
        var edit = ImageEdits.Refresh(Given.Image(), Given.Now);

        Assert.Equal("""{"metadata":{"annotations":{"ostler.dev/refresh-requested-at":"2026-12-01T12:00:00.000Z"}}}""",
            edit.Change.ToJsonString());
        Assert.Contains("  name: edge-os", edit.Lines().Select(l => l.Text));
    }

    [Fact]
    public void Quarantine_add_denies_and_takes_back_what_was_allowed()
    {
        var image = Given.Image(new() { Deny = [Denied], Allow = [Given.New] }, new() { Resolved = Given.Resolved(Given.New, "42.2") });

        Assert.Equal($$$$$"""{"spec":{"quarantine":{"deny":["{{{{{Denied}}}}}","{{{{{Given.New}}}}}"],"allow":[]}}}""", QuarantineEdits.Add(image, "424242").Change.ToJsonString());
        Assert.True(QuarantineEdits.Add(image, Denied).IsNothing);
    }

    [Fact]
    public void Quarantine_remove_undoes_a_denial_and_allows_what_a_rollout_found_out()
    {
        var image = Given.Image(new() { Deny = [Denied] }, new() { Quarantined = [new() { Digest = Failed, Reason = Reasons.HealthTimedOut, Policy = "edge", Since = Given.Now }, new() { Digest = Denied, Reason = Reasons.Denied, Since = Given.Now }] });

        Assert.Equal("""{"spec":{"quarantine":{"deny":[]}}}""", QuarantineEdits.Remove(image, Denied[..8]).Change.ToJsonString());
        Assert.Equal($$$$$"""{"spec":{"quarantine":{"allow":["{{{{{Failed}}}}}"]}}}""", QuarantineEdits.Remove(image, "ffffff").Change.ToJsonString());
        Assert.True(QuarantineEdits.Remove(image, Given.Old).IsNothing);
    }

    [Theory]
    [InlineData("4242", "'4242' is not a digest")]
    [InlineData("DEADBEEF", "'DEADBEEF' is not a digest")]
    [InlineData("abcdef", "No digest in the history of edge-os begins with abcdef")]
    [InlineData("111111", "Several digests of edge-os begin with 111111")]
    public void Half_a_digest_must_be_the_beginning_of_one_alone(string text, string message)
    {
        var image = Given.Image(status: new() { Resolved = Given.Resolved(Given.Old, "42.1"), History = [Given.Resolved(Given.Old[..60] + "2222", "42.0")] });

        Assert.StartsWith(message, Assert.Throws<CommandException>(() => QuarantineEdits.Add(image, text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dry_run_prints_the_command_and_the_manifest()
    {
        var policy = Given.Policy(status: Given.WaitsForApproval("canary"), spec: s => Given.Manual(s, "canary"));
        string[] lines = [.. PolicyEdits.Approve(policy, null, null).Lines().Concat(PolicyEdits.Retry(policy, null, Given.Now).Lines())
            .Concat(QuarantineEdits.Add(Given.Image(), Given.New).Lines()).Select(l => l.Text)];

        Golden.Verify(string.Join('\n', lines), "dry-run.txt");
    }
}
