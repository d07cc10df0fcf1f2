using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.OSImages;
using Ostler.Controller.Telemetry;
using Ostler.Controller.Tests.OSImages.Registry;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages;

public sealed class OSImageReconcilerTests : IAsyncLifetime
{
    private const string Other = "0000000000000000000000000000000000000000000000000000000000000002";

    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly List<string> _events = [];
    private readonly ControllerMetrics _metrics = new("Test." + nameof(OSImageReconcilerTests));
    private LoopbackHttp _http = null!;
    private ScriptedServer _server = null!;
    private OSImage _stored = null!;
    private string _answer = Given.Digest;
    private int _code = 200;
    private int _asked;

    public async ValueTask InitializeAsync()
    {
        _http = await LoopbackHttp.StartAsync(c =>
        {
            if (!c.Request.Path.StartsWithSegments("/refs"))
            {
                c.Response.StatusCode = 404;
                return Task.CompletedTask;
            }

            Interlocked.Increment(ref _asked);
            c.Response.StatusCode = _code;
            return c.Response.WriteAsync(_answer);
        });
        var version = 100;
        _server = Given.Server((request, response) =>
        {
            var stored = JsonNode.Parse(OstlerResources.OSImages.Serialize(_stored))!.AsObject();
            stored["metadata"]!["resourceVersion"] = (++version).ToString(null, null);
            stored["status"] = request.BodyJson!["status"]!.DeepClone();
            return response.JsonAsync(stored);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _server.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task A_refresh_that_a_user_asks_for_polls_at_once_and_once()
    {
        var (reconciler, images) = Reconciler(Image());
        _code = 404;
        await ReconcileAsync(reconciler);
        var failed = images.Lister.List().Single();
        Assert.Equal(1, _asked);
        Assert.InRange(failed.Status!.NextPollAt!.Value - _time.GetUtcNow(), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40));

        // The ref was pushed meanwhile.
        _code = 200;
        _time.Advance(TimeSpan.FromSeconds(2));
        _stored = failed with
        {
            Metadata = failed.Metadata with
            {
                Annotations = new Dictionary<string, string> { [OSImageAnnotations.RefreshRequestedAt] = "now" },
                ResourceVersion = "900",
            },
        };
        images.Absorb(_stored);
        await ReconcileAsync(reconciler);
        await ReconcileAsync(reconciler);

        Assert.Equal(2, _asked);
        var found = _server.Received[^1].BodyJson!["status"]!;
        Assert.Equal(Given.Digest, (string)found["resolved"]!["digest"]!);
        Assert.InRange((DateTimeOffset)found["nextPollAt"]! - _time.GetUtcNow(), TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(12));
    }

    [Fact]
    public async Task A_ref_is_polled_at_its_interval_and_not_in_between()
    {
        var (reconciler, images) = Reconciler(Image());

        var result = await ReconcileAsync(reconciler);
        Assert.InRange(result.RequeueAfter!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11));
        await ReconcileAsync(reconciler);
        Assert.Equal(1, _asked);
        Assert.Single(_server.Received);

        _time.Advance(result.RequeueAfter.Value);
        _answer = Other;
        await ReconcileAsync(reconciler);

        var status = images.Lister.Get(Key)!.Status!;
        Assert.Equal(Other, status.Resolved!.Digest);
        Assert.Equal(Given.Digest, Assert.Single(status.History!).Digest);
        Assert.Equal(2, _events.Count(e => e.StartsWith("Resolved", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_failed_poll_keeps_the_last_good_tree_and_says_what_the_server_said()
    {
        var (reconciler, images) = Reconciler(Image());
        await ReconcileAsync(reconciler);
        _time.Advance(TimeSpan.FromMinutes(11));
        (_code, _answer) = (403, "token expired");

        var result = await ReconcileAsync(reconciler);

        var status = images.Lister.Get(Key)!.Status!;
        Assert.Equal(Given.Digest, status.Resolved!.Digest);
        var ready = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((ConditionStatus.False, Reasons.ResolveFailed), (ready.Status, ready.Reason));
        Assert.Contains("403 Forbidden: \"token expired\"", ready.Message, StringComparison.Ordinal);
        Assert.InRange(result.RequeueAfter!.Value, TimeSpan.FromSeconds(27), TimeSpan.FromSeconds(33));
        Assert.Contains(Reasons.ResolveFailed, _events);
    }

    [Fact]
    public async Task Status_says_when_the_next_poll_is_and_a_pinned_image_has_none()
    {
        var (reconciler, images) = Reconciler(Image());
        var result = await ReconcileAsync(reconciler);
        var next = images.Lister.Get(Key)!.Status!.NextPollAt;
        Assert.InRange(next!.Value, (_time.GetUtcNow() + result.RequeueAfter!.Value).AddSeconds(-1),
            _time.GetUtcNow() + result.RequeueAfter.Value);

        _time.Advance(result.RequeueAfter.Value);
        await ReconcileAsync(reconciler);
        Assert.InRange(images.Lister.Get(Key)!.Status!.NextPollAt!.Value, next.Value.AddMinutes(9), next.Value.AddMinutes(11));

        var image = Image();
        var (pinned, pins) = Reconciler(image with
        {
            Spec = image.Spec with
            {
                Ostree =
            image.Spec.Ostree! with { Commit = Given.Digest }
            }
        });
        await ReconcileAsync(pinned);
        Assert.Null(pins.Lister.Get(Key)!.Status?.NextPollAt);
    }

    [Fact]
    public async Task Failures_in_a_row_are_spaced_further_apart()
    {
        var (reconciler, _) = Reconciler(Image());
        _code = 404;
        var waits = new List<TimeSpan>();
        for (var i = 0; i < 4; i++)
        {
            var result = await ReconcileAsync(reconciler);
            waits.Add(result.RequeueAfter!.Value);
            _time.Advance(result.RequeueAfter.Value);
        }

        Assert.Equal([2, 2, 2], waits.Zip(waits.Skip(1), (a, b) => Math.Round(b / a)));
        Assert.Equal(4, _asked);
    }

    [Fact]
    public async Task A_changed_spec_is_resolved_at_once()
    {
        var (reconciler, images) = Reconciler(Image());
        await ReconcileAsync(reconciler);

        var changed = images.Lister.Get(Key)!;
        images.Absorb(changed with { Metadata = changed.Metadata with { Generation = 2, ResourceVersion = "200" } });
        await ReconcileAsync(reconciler);

        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task What_is_found_within_a_second_of_the_last_write_is_written_when_that_is_over()
    {
        var (reconciler, images) = Reconciler(Image());
        await ReconcileAsync(reconciler);
        var changed = images.Lister.Get(Key)!;
        images.Absorb(changed with { Metadata = changed.Metadata with { Generation = 2, ResourceVersion = "200" } });
        _answer = Other;

        // The conditions say the same as before, so this write is held back. It was lost once, until the next poll ten minutes later.
        var held = await ReconcileAsync(reconciler);
        Assert.InRange(held.RequeueAfter!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        _time.Advance(held.RequeueAfter.Value);
        await ReconcileAsync(reconciler);

        Assert.Equal(Other, (string?)_server.Received[^1].BodyJson!["status"]!["resolved"]!["digest"]);
        Assert.Equal(2, _asked);
    }

    [Fact]
    public async Task What_a_policy_failed_with_is_quarantined_without_a_poll()
    {
        var failing = Given.Policy("p", status: new() { FailedDigests = [new() { Digest = Given.Digest, Reason = Reasons.HealthTimedOut, At = Given.Now }] });
        var (reconciler, images) = Reconciler(Image(), failing);

        await ReconcileAsync(reconciler);

        var status = images.Lister.Get(Key)!.Status!;
        Assert.Equal(new QuarantinedDigest { Digest = Given.Digest, Reason = Reasons.HealthTimedOut, Policy = "p", Since = Given.Now }, Assert.Single(status.Quarantined!));
        Assert.Equal(Reasons.Quarantined, status.Conditions.Find(ConditionTypes.Ready)!.Reason);
    }

    [Fact]
    public async Task An_image_that_names_nothing_is_refused_by_name_and_nothing_is_asked_for()
    {
        var (reconciler, images) = Reconciler(Image() with { Spec = new() { Container = new() { Image = "registry.example/EDGE:stable" } } });

        var result = await ReconcileAsync(reconciler);

        var accepted = images.Lister.Get(Key)!.Status!.Conditions.Find(ConditionTypes.Accepted)!;
        Assert.Equal((ConditionStatus.False, Reasons.Invalid), (accepted.Status, accepted.Reason));
        Assert.Contains("spec.container", accepted.Message, StringComparison.Ordinal);
        Assert.Null(result.RequeueAfter);
        Assert.Equal(0, _asked);
    }

    [Fact]
    public async Task A_container_image_is_followed_and_a_registry_that_wants_to_be_left_alone_is()
    {
        await using var registry = await Ostler.Controller.Tests.OSImages.Registry.ContainerRegistry.StartAsync();
        var digest = registry.PutImage("stable");
        var (reconciler, images) = Reconciler(Image() with { Spec = registry.Image().Spec });

        await ReconcileAsync(reconciler);
        var resolved = images.Lister.Get(Key)!.Status!.Resolved!;
        Assert.Equal((digest, "linux/amd64", "1"), (resolved.Digest, Assert.Single(resolved.Platforms!).Platform, resolved.Labels!["containers.bootc"]));

        registry.Answer = c =>
        {
            c.Response.StatusCode = 429;
            c.Response.Headers.RetryAfter = "1800";
            return Task.FromResult(true);
        };
        _time.Advance(TimeSpan.FromMinutes(11));
        var result = await ReconcileAsync(reconciler);

        Assert.Equal(TimeSpan.FromMinutes(30), result.RequeueAfter);
        var status = images.Lister.Get(Key)!.Status!;
        Assert.Equal(digest, status.Resolved!.Digest);
        Assert.Contains("429 Too Many Requests", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interval_of_zero_is_never_polled_again()
    {
        var image = Image();
        var (reconciler, _) = Reconciler(image with { Spec = image.Spec with { PollInterval = Duration.Zero } });

        Assert.Null((await ReconcileAsync(reconciler)).RequeueAfter);
    }

    private static NamespacedName Key => NamespacedName.ClusterScoped("edge");

    private OSImage Image() => Given.Image(ostree: new() { Remote = "acme", Url = _http.Url, Ref = "acme/edge" });

    private static Task<ReconcileResult> ReconcileAsync(OSImageReconciler reconciler) => reconciler.ReconcileAsync("edge", Given.Cancel);

    private (OSImageReconciler Reconciler, Informer<OSImage> Images) Reconciler(OSImage image, params UpgradePolicy[] policies)
    {
        _stored = image;
        var client = Given.Client(_server);
        var images = Given.Cache(client, OstlerResources.OSImages, image);
        return (
            new(
                images,
                Given.Lister(OstlerResources.UpgradePolicies, policies),
                new(client, OstlerResources.OSImages, images, _time, TimeSpan.FromSeconds(1)),
                new(OstreeRepositoryTests.Repository(), Ostler.Controller.Tests.OSImages.Registry.ContainerRegistry.Images(), _time),
                new((_, _, reason, _, _) => _events.Add(reason)),
                _metrics,
                _time,
                NullLogger<OSImageReconciler>.Instance),
            images);
    }
}
