// Drives calls of libpoolcounter on GLib's main loop. Names of servers are looked up by GIO, so nothing blocks.
//
//     pc_config_set_look_ups_by_caller(config, 1);
//     pc_async_new(config, &client);
//     pc_async_acquire(client, &request, &call);
//     pc_glib_run(client, call, acquired, data); // Calls acquired(call, data) when there is a result.
//     g_main_loop_run(loop);
//
// All of it belongs to one thread, the one of the thread-default context at the time of pc_glib_run(). Copy this file
// into your program.

#ifndef POOLCOUNTER_GLIB_H
#define POOLCOUNTER_GLIB_H

#include <gio/gio.h>
#include <glib-unix.h>
#include <poolcounter.h>

// Called when a call has finished: it calls pc_call_result(). The call is freed afterwards.
typedef void pc_glib_done(pc_call *call, gpointer data);

// A call on a context.
typedef struct {
    GMainContext *context;
    pc_async *client;
    pc_call *call;
    pc_glib_done *done;
    gpointer data;
    // The source that watches the descriptor and the time, or NULL.
    GSource *ready, *timeout;
} pc_glib_call;

static void pc_glib_remove(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

// Must be called before the descriptor may be closed.
static void pc_glib_take_off(pc_glib_call *run)
{
    pc_glib_remove(&run->ready);
    pc_glib_remove(&run->timeout);
}

static void pc_glib_found(GObject *resolver, GAsyncResult *result, gpointer host)
{
    GError *error = NULL;
    GList *list = g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, &error);
    GString *addresses = g_string_new(NULL);

    for (GList *each = list; each; each = each->next) {
        gchar *address = g_inet_address_to_string(each->data);
        g_string_append_printf(addresses, "%s%s", addresses->len ? "," : "", address);
        g_free(address);
    }
    pc_looked_up(host, addresses->len ? addresses->str : NULL, error ? error->message : "no address");
    g_string_free(addresses, TRUE);
    g_resolver_free_addresses(list);
    g_clear_error(&error);
    g_free(host);
}

// It may outlive its call and its client.
static void pc_glib_begin_look_up(const char *host)
{
    GResolver *resolver = g_resolver_get_default();

    g_resolver_lookup_by_name_async(resolver, host, NULL, pc_glib_found, g_strdup(host));
    g_object_unref(resolver);
}

// Frees the call, and cancels it if it has not finished. Not after `done` was called.
static void pc_glib_end(pc_glib_call *run)
{
    pc_glib_take_off(run);
    pc_call_free(&run->call);
    g_main_context_unref(run->context);
    g_free(run);
}

static void pc_glib_go_on(pc_glib_call *run);

static gboolean pc_glib_ready(gint descriptor, GIOCondition condition, gpointer run)
{
    (void)descriptor, (void)condition;
    pc_glib_go_on(run);
    return G_SOURCE_REMOVE;
}

static gboolean pc_glib_timeout(gpointer run)
{
    pc_glib_go_on(run);
    return G_SOURCE_REMOVE;
}

static GSource *pc_glib_added(pc_glib_call *run, GSource *source, GSourceFunc function)
{
    g_source_set_callback(source, function, run, NULL);
    g_source_attach(source, run->context);
    return source;
}

static void pc_glib_put_on(pc_glib_call *run, const pc_wait *wait)
{
    GIOCondition condition = wait->direction == PC_DIRECTION_WRITE ? G_IO_OUT : G_IO_IN;

    run->timeout = pc_glib_added(run, g_timeout_source_new((guint)wait->timeout_ms), pc_glib_timeout);
    if (wait->descriptor >= 0) {
        GSource *source = g_unix_fd_source_new(wait->descriptor, condition | G_IO_ERR | G_IO_HUP);
        run->ready = pc_glib_added(run, source, G_SOURCE_FUNC(pc_glib_ready));
    }
}

static void pc_glib_go_on(pc_glib_call *run)
{
    pc_wait wait = {.size = sizeof wait, .look_up = -1};
    pc_error error;

    pc_glib_take_off(run);
    while ((error = pc_call_progress(run->call, &wait)) == PC_OK && !wait.finished && wait.look_up >= 0)
        pc_glib_begin_look_up(pc_async_server_host(run->client, (size_t)wait.look_up));
    if (error == PC_OK && !wait.finished) {
        pc_glib_put_on(run, &wait);
        return;
    }
    run->done(run->call, run->data);
    pc_glib_end(run);
}

// Drives a call, which belongs to the loop from now on. With pc_glib_end(), what is returned can be given up before
// `done` is called.
static inline pc_glib_call *pc_glib_run(pc_async *client, pc_call *call, pc_glib_done *done, gpointer data)
{
    pc_glib_call *run = g_new0(pc_glib_call, 1);

    run->context = g_main_context_ref_thread_default();
    run->client = client;
    run->call = call;
    run->done = done;
    run->data = data;
    // Not earlier, because the caller must get the return value first.
    run->timeout = pc_glib_added(run, g_timeout_source_new(0), pc_glib_timeout);
    return run;
}

#endif
