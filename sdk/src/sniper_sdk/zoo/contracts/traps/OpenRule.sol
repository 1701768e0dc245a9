// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// A rule that lets everything pass.
contract OpenRule {
    function check() external view virtual {}

    function retire() external {
        selfdestruct(payable(msg.sender));
    }
}
