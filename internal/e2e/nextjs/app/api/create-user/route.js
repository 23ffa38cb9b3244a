import { clerkClient } from '@clerk/nextjs/server'
import { NextResponse } from 'next/server'

export async function POST() {
  const client = await clerkClient()
  const user = await client.users.createUser({ emailAddress: ['test@example.com'], password: 'password' })
  return NextResponse.json({ user })
}
